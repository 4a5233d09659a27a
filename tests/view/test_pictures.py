"""Pictures of every screen, on a phone and a desktop, light and dark; pytest keeps them a while."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.view.browser import Tab, Visit
from tests.view.support import serving
from tests.view.test_repairs import mended, unfold

# How light a picture is on the whole, and how much of it differs from its most frequent colour.
_MEASURED = """(async () => {
  const image = new Image();
  image.src = "data:image/png;base64,%s";
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  const found = new Map();
  let light = 0;
  for (let at = 0; at < data.length; at += 4) {
    const level = (data[at] + 2 * data[at + 1] + data[at + 2]) / 4;
    light += level;
    found.set(level, (found.get(level) ?? 0) + 1);
  }
  const all = data.length / 4;
  return [light / all, 1 - Math.max(...found.values()) / all];
})()"""
SIZES = pytest.mark.parametrize("size", [(390, 844), (1280, 900)], ids=["phone", "desktop"])
THEMES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


class Picture(NamedTuple):
    """A picture in numbers: `light` from 0 to 255, `drawn` the part that is not background."""

    light: float
    drawn: float


async def screens(one: Tab, folder: Path) -> list[Path]:
    """A picture of each screen, in the order in which a user comes to them."""

    async def shot(name: str) -> Path:
        assert await one.run("document.documentElement.scrollWidth <= innerWidth")
        path = folder / f"{name}.png"
        await one.shot(path)
        return path

    taken = [await shot("conversation")]
    await unfold(one)
    taken.append(await shot("unfolded"))
    await one.press("?")
    taken.append(await shot("keys"))
    await one.run("document.querySelector('dialog').close()")
    await one.press("t")
    await one.until("document.querySelector('.exchange-line') !== null")
    taken.append(await shot("timeline"))
    await one.run("location.hash = 'compare=1,2'")
    await one.until("document.querySelector('.compare') !== null")
    taken.append(await shot("compared"))
    await one.press("/")
    await one.type("e")
    await one.until("document.querySelector('.found button') !== null")
    return [*taken, await shot("found")]


@THEMES
@SIZES
def test_every_screen_is_drawn(
    visit: Visit, tmp_path: Path, size: tuple[int, int], dark: bool
) -> None:
    """In the theme of the system, with something to be read on it, and nothing beyond its edge."""
    pictures: list[Path] = []

    async def look(one: Tab) -> None:
        await one.look(*size, dark=dark)
        pictures.extend(await screens(one, tmp_path))

    async def measure(one: Tab) -> None:
        for path in pictures:
            data = base64.b64encode(path.read_bytes()).decode()
            found = Picture(*await one.run(_MEASURED % data))
            assert (found.light < 80) if dark else (found.light > 150), (path.name, found)
            assert 0.01 < found.drawn < 0.7, (path.name, found)

    session = mended(tmp_path / "state")
    session.end()
    with serving(session.path) as served:
        visit(served.url, look)
    assert len({path.read_bytes() for path in pictures}) == 6
    visit("about:blank#", measure)
