"""One browser for all tests of the page, and a tab of its own for each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.view.browser import Tab, Visit, chromium, tab
from tests.view.support import small, written


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chromium(tmp_path_factory.mktemp("browser")) as address:
        yield address


@pytest.fixture
def visit(browser: str) -> Visit:
    """Open a URL in a tab of its own and do something there; the page must have no problem."""

    def visit(url: str, act: Callable[[Tab], Awaitable[None]]) -> None:
        async def go() -> None:
            async with tab(browser) as one:
                await one.look(1280, 900)
                await one.open(url)
                await act(one)
                assert one.problems == []

        asyncio.run(go())

    return visit


@pytest.fixture
def address(tmp_path: Path) -> str:
    """The small session as a file."""
    session = small(tmp_path / "state")
    session.end()
    return written(session, tmp_path)
