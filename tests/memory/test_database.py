"""Where a database's file lies."""

from __future__ import annotations

import pytest

from dsfix.memory.mounts import kind_of

MOUNTS = r"""
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
//nas/share /media/my\040nas cifs rw 0 0
tmpfs /media/my\040nas/a\134b tmpfs rw 0 0
/dev/sdb1 /home/local ext4 rw 0 0

nonsense
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/memory.db", "ext4"),
        ("/home/me/memory.db", "nfs4"),
        ("/homes/me/memory.db", "ext4"),
        ("/home/local/memory.db", "ext4"),
        ("/media/my nas/memory.db", "cifs"),
        ("/media/my nas/a\\b/memory.db", "tmpfs"),
    ],
)
def test_the_file_system_of_a_path(path: str, kind: str) -> None:
    """The innermost one counts, also where its name has blanks."""
    assert kind_of(path, MOUNTS) == kind
