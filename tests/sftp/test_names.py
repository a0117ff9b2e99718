"""Names of what was sent outlive the program, and say nothing to who finds their file."""

from __future__ import annotations

from pathlib import Path

from rempart.sftp.names import DAY, Names
from rempart.sftp.places import Place, place_of, under_way, user_of
from rempart.sftp.quotas import Quotas
from rempart.sftp.settings import Limits


def test_names_are_found_after_a_restart_and_end_with_their_days(tmp_path: Path) -> None:
    """The later file of a name stands; a torn line and another key's lines are passed over; old ones are dropped."""
    path, now = tmp_path / "names", [1_000_000.0]
    first = Names(path, b"key", 31, lambda: now[0])
    first.add("a", "dupont.b2", "file-1")
    now[0] += 20 * DAY
    first.add("a", "dupont.b2", "file-2")
    first.add("b", "dupont.b2", "file-3")
    first.add("a", "old.b2", "file-4")
    first.close()
    content = path.read_bytes()
    assert b"dupont" not in content
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(content + b"torn")
    now[0] += 20 * DAY
    again = Names(path, b"key", 31, lambda: now[0])
    found = again.find("a", "dupont.b2")
    assert found is not None
    assert found.file == "file-2"
    assert [named.file for named in again.of("a")] == ["file-2", "file-4"]
    assert again.find("c", "dupont.b2") is None
    now[0] += 12 * DAY
    assert again.of("a") == ()
    again.close()
    other = Names(path, b"another key", 31, lambda: now[0])
    assert other.of("b") == ()
    other.close()
    assert path.read_bytes() == b""


def test_paths_lead_to_the_two_folders_or_nowhere() -> None:
    """Whatever is written between slashes."""
    assert (
        place_of(b"depot/a.b2")
        == place_of(b"/depot/./x/../a.b2")
        == place_of(b"//depot/a.b2")
        == Place("depot", "a.b2")
    )
    assert place_of(b"/retour/751234568/x.noemie") == Place("retour", "x.noemie", "751234568")
    assert place_of(b"/retour/751234568") == Place("retour", "", "751234568")
    assert place_of(b"/../..") == place_of(b"") == place_of(b".") == Place()
    for path in (
        b"/etc",
        b"/depot/a/b",
        b"/depot/a\x00b",
        b"/depot/\xe9",
        b"/depot/" + b"a" * 121,
        b"/depot/-a",
        b"/DEPOT",
    ):
        assert place_of(path) is None
    assert under_way("a.b2.PART")
    assert not under_way("part")
    assert user_of("a+b+751234568") == ("a+b", "751234568")
    assert user_of("a+b") == ("a+b", "")


def test_a_day_has_its_counts_and_the_next_begins_anew() -> None:
    """Files and bytes of one client; another's are its own."""
    quotas = Quotas(Limits(files_a_day=2, bytes_a_day=10))
    assert quotas.count("a", 9, 1_000.0) == ""
    assert quotas.count("a", 2, 1_000.0) == "bytes-a-day"
    assert quotas.count("a", 1, 1_000.0) == ""
    assert quotas.count("a", 0, 1_000.0) == "files-a-day"
    assert quotas.count("b", 9, 1_000.0) == ""
    assert quotas.count("a", 9, 1_000.0 + DAY) == ""
