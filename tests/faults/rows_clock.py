"""What a wall clock can do wrong, between any two looks at it."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.rig import Rig, says, tells
from tests.faults.row import Fault, Scene, Seen
from tests.faults.rows_disk import ONCE
from tests.faults.wild import Wild, head
from tests.proxy.wire_data import ANSWERS, CLEAN


def clock(*steps: float) -> Callable[[Scene], Seen]:
    """A row in which the wall clock shows these times, one for each look, and then the last."""

    def play(scene: Scene) -> Seen:
        left = list(steps)

        def wall() -> float:
            return left.pop(0) if len(left) > 1 else left[0]

        data = ANSWERS[scene.dialect]
        whole = head("application/json", f"Content-Length: {len(data)}") + data
        with (
            Wild(lambda connection: connection.sendall(whole)) as wild,
            Rig(wild.url, scene.path, wall=wall) as rig,
        ):
            answers = [rig.send(scene.dialect, CLEAN[scene.dialect]) for _ in range(3)]
        seen = {says(each, scene.dialect, data) for each in answers}
        recorded = rig.recorded()
        assert [each.id for each in recorded] == [1, 2, 3]
        assert not rig.log.trouble and not rig.store.trouble
        told = {tells(each) for each in recorded}
        return Seen(f"three times {', '.join(seen)}", f"three times {', '.join(told)}, in order")

    return play


NOW = 1_795_000_000.0
YEAR = 365 * 86_400.0
THRICE = "three times 200, byte for byte"
ROWS = (
    Fault(
        "clock",
        "jumps back by a year",
        THRICE,
        "three times 200, in order",
        clock(NOW, NOW, NOW - YEAR),
        ONCE,
    ),
    Fault(
        "clock",
        "jumps ahead by ten years",
        THRICE,
        "three times 200, in order",
        clock(NOW, NOW, NOW + 10 * YEAR),
        ONCE,
    ),
    Fault("clock", "stands at 1970", THRICE, "three times 200, in order", clock(0.0), ONCE),
)
