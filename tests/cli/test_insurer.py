"""`rempart insurer`: keys, signing, checking and opening on the insurer's side."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from rempart.cli._insurer_keys import read_opening, read_public
from rempart.cli.insurer import app
from rempart.domain.rights import Coverage, Key, Period, RightsLine
from rempart.formats.rights_file import format_closure, format_line
from rempart.formats.sealed_list import BatchKey, ListHeader, Row, write_row
from rempart.sealing.envelope import BatchSealer, SealedBody

if TYPE_CHECKING:
    from pathlib import Path

COVERAGE = Coverage(1, "P1", "2", "responsible", (Period("PHAR", date(2026, 1, 1), date(2026, 12, 31), "100"),))
NIR = "1850575100042"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    assert run("keygen", "--out", tmp_path / "keys").exit_code == 0
    return tmp_path / "keys"


def lines(path: Path, count: int = 3, *, extra: bytes = b"") -> Path:
    rows = [
        format_line(RightsLine(f"R{number}", (Key(f"{number}", NIR, "850512", "1"),), COVERAGE))
        for number in range(count)
    ]
    path.write_bytes(b"\n".join(rows) + b"\n" + extra)
    return path


def signed(tmp_path: Path, keys: Path, source: Path, *options: object) -> Result:
    return run(
        "sign", source, "--out", tmp_path / "out", "--keys", keys, "--insurer", "0000000123", "--sequence", 1, *options
    )


def test_keys_are_private_and_never_overwritten(keys: Path) -> None:
    """Private keys are 0600, the public part is printed to be registered, and a second run changes nothing."""
    assert {path.name: path.stat().st_mode & 0o777 for path in keys.glob("*.pem")} == {
        "signing.pem": 0o600,
        "opening.pem": 0o600,
    }
    before = (keys / "signing.pem").read_bytes()
    again = run("keygen", "--out", keys)
    assert again.exit_code == 2
    assert "never overwritten" in again.output
    assert (keys / "signing.pem").read_bytes() == before


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_signed_file_passes_its_check(tmp_path: Path, keys: Path, compression: str) -> None:
    """What sign writes, check accepts; the file is readable by its owner alone."""
    result = signed(tmp_path, keys, lines(tmp_path / "in"), "--compress", compression, "--expected-opened", 3)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    header = json.loads((tmp_path / "out").read_bytes().split(b"\n")[0])
    assert header["expected"] == {"opened": 3, "closed": 0, "changed": 0}
    checked = run("check", tmp_path / "out", "--public", keys / "public.json")
    assert checked.exit_code == 0, checked.output
    assert "3 lines, all right" in checked.output


def test_a_delta_may_close(tmp_path: Path, keys: Path) -> None:
    """Lines of a delta say what they do."""
    (tmp_path / "in").write_bytes(format_closure("R1", date(2026, 1, 31)) + b"\n")
    assert signed(tmp_path, keys, tmp_path / "in", "--kind", "delta").exit_code == 0
    assert run("check", tmp_path / "out", "--public", keys / "public.json").exit_code == 0


def test_wrong_lines_are_named_and_nothing_is_written(tmp_path: Path, keys: Path) -> None:
    """Line, field, code and what to do are told, the value never, and no file appears."""
    wrong = format_line(RightsLine("R9", (Key("9", NIR + "99", "850512", "1"),), COVERAGE))
    result = signed(tmp_path, keys, lines(tmp_path / "in", extra=wrong + b"\n" + b"x" * 40_000 + b"\n{\n"))
    assert result.exit_code == 1
    assert "line 5, keys[0].nir: nir-key. The key does not belong" in result.output
    assert "line 6: line-too-long." in result.output
    assert "line 7: json-malformed." in result.output
    assert NIR not in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "keys"]


def test_many_wrong_lines_are_counted(tmp_path: Path, keys: Path) -> None:
    """Twenty are shown, the others are counted by code."""
    result = signed(tmp_path, keys, lines(tmp_path / "in", extra=b"{\n" * 100))
    assert result.output.count("json-malformed. ") == 20
    assert "and 80 more; in all: json-malformed 100" in result.output


def test_a_strange_nir_is_only_a_warning(tmp_path: Path, keys: Path) -> None:
    """The line is signed and the insurer is told how many there are."""
    strange = format_line(RightsLine("R9", (Key("9", "5850575100042", "850512", "1"),), COVERAGE))
    result = signed(tmp_path, keys, lines(tmp_path / "in", extra=strange + b"\n"))
    assert result.exit_code == 0
    assert "warning, 1 times: nir-sex-unknown." in result.output


def test_a_changed_file_fails_its_check(tmp_path: Path, keys: Path) -> None:
    """A body changed after signing is refused with its chunk; a strange signature with its own code."""
    signed(tmp_path, keys, lines(tmp_path / "in"), "--compress", "none")
    content = (tmp_path / "out").read_bytes()
    (tmp_path / "out").write_bytes(content.replace(b'"R1"', b'"R7"'))
    result = run("check", tmp_path / "out", "--public", keys / "public.json")
    assert (result.exit_code, "chunk 1: chunk-differs" in result.output) == (1, True)
    run("keygen", "--out", tmp_path / "other")
    result = run("check", tmp_path / "out", "--public", tmp_path / "other" / "public.json")
    assert (result.exit_code, "signature-differs" in result.output) == (1, True)


def test_a_sealed_file_opens_for_the_keeper_alone(tmp_path: Path, keys: Path) -> None:
    """With the hub's load key nothing but the header can be read; check says so; the keeper gets the signed body."""
    run("keygen", "--out", tmp_path / "keeper")
    reader = base64.b64encode(read_public(tmp_path / "keeper" / "public.json").opening).decode()
    (tmp_path / "load-key").write_text(reader, encoding="ascii")
    assert signed(tmp_path, keys, lines(tmp_path / "in"), "--keeper-key", tmp_path / "load-key").exit_code == 0
    first, _, body = (tmp_path / "out").read_bytes().partition(b"\n")
    assert NIR.encode() not in body
    result = run("check", tmp_path / "out", "--public", keys / "public.json")
    assert (result.exit_code, "The body is sealed" in result.output) == (0, True)
    opener = SealedBody(first, read_opening(tmp_path / "keeper"))
    clear = b"".join(opener.feed(body)) + b"".join(opener.rest())
    assert opener.finish() is None
    (tmp_path / "clear").write_bytes(first + b"\n" + clear)
    assert run("check", tmp_path / "clear", "--public", keys / "public.json").exit_code == 0


def sealed_list(path: Path, reader: bytes) -> Path:
    sealer = BatchSealer(reader, "references")
    header = ListHeader(
        format="rempart-sealed/1", insurer="0000000123", purpose="references", created="2026-01-02T03:04:05Z"
    )
    rows = [
        Row(batch="b1", sealed=sealer.seal(content, b"%d" % number), bound=b"%d" % number, clear={"invoice": number})
        for number, content in enumerate((b"R1", b'{"cents":1}', b"\xff\xfe"))
    ]
    path.write_bytes(b"".join(map(write_row, (header, BatchKey(batch="b1", wrapped=sealer.wrapped), *rows))))
    return path


def test_a_sealed_list_opens_on_the_insurers_side(tmp_path: Path, keys: Path) -> None:
    """Each row keeps its clear part and gains what was sealed: text, JSON, or base64 when it is neither."""
    source = sealed_list(tmp_path / "list", read_public(keys / "public.json").opening)
    result = run("open", source, "--out", tmp_path / "out", "--keys", keys)
    assert result.exit_code == 0, result.output
    assert [json.loads(line) for line in (tmp_path / "out").read_bytes().splitlines()] == [
        {"invoice": 0, "opened": "R1"},
        {"invoice": 1, "opened": {"cents": 1}},
        {"invoice": 2, "opened": "//4="},
    ]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'"references"', b'"settlement"', "envelope-altered"),
        (b'"invoice":1', b'"invoice":[1]', "list-row"),
        (b'"batch":"b1","sealed"', b'"batch":"b2","sealed"', "envelope-shape"),
        (b'"bound":"MA=="', b'"bound":"MQ=="', "envelope-altered"),
        (b"rempart-sealed/1", b"rempart-sealed/2", "list-header"),
    ],
)
def test_a_changed_list_is_refused_whole(tmp_path: Path, keys: Path, old: bytes, new: bytes, code: str) -> None:
    """The line and the code are told and no half-opened file stays."""
    source = sealed_list(tmp_path / "list", read_public(keys / "public.json").opening)
    assert old in source.read_bytes()
    source.write_bytes(source.read_bytes().replace(old, new))
    result = run("open", source, "--out", tmp_path / "out", "--keys", keys)
    assert (result.exit_code, code in result.output) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys", "list"]


def test_a_list_for_someone_else_says_so(tmp_path: Path, keys: Path) -> None:
    """The key that is asked for is not the one at hand."""
    run("keygen", "--out", tmp_path / "other")
    source = sealed_list(tmp_path / "list", read_public(tmp_path / "other" / "public.json").opening)
    result = run("open", source, "--out", tmp_path / "out", "--keys", keys)
    assert (result.exit_code, "envelope-reader" in result.output) == (1, True)


def test_what_stops_a_command_is_told_without_a_traceback(tmp_path: Path, keys: Path) -> None:
    """Open keys, absent files, taken names, wrong keys and rules: exit code 2 and what to do."""
    source = lines(tmp_path / "in")
    assert "load key" in signed(tmp_path, keys, source, "--keeper-key", "AAAA").output
    assert "cannot be read" in signed(tmp_path, tmp_path, source).output
    (tmp_path / "rule").write_text('{"case":"title"}', encoding="ascii")
    assert "member rule" in signed(tmp_path, keys, source, "--member-rule", tmp_path / "rule").output
    assert signed(tmp_path, keys, tmp_path / "absent").exit_code == 2
    (keys / "signing.pem").chmod(0o644)
    result = signed(tmp_path, keys, source)
    assert (result.exit_code, "chmod 600" in result.output) == (2, True)
    (keys / "signing.pem").chmod(0o600)
    assert signed(tmp_path, keys, source).exit_code == 0
    result = signed(tmp_path, keys, source)
    assert (result.exit_code, "never overwritten" in result.output) == (2, True)


def test_a_header_that_the_hub_would_refuse_is_not_signed(tmp_path: Path, keys: Path) -> None:
    """A wrong insurer number or instant is told before the file exists."""
    result = run(
        "sign", lines(tmp_path / "in"), "--out", tmp_path / "out", "--keys", keys, "--insurer", "123", "--sequence", 1
    )
    assert (result.exit_code, "insurer: header-field-invalid" in result.output) == (1, True)
    assert not (tmp_path / "out").exists()


def test_the_insurers_tools_need_the_base_install_only() -> None:
    """Nothing of the hub's, worker's or keeper's extras is imported."""
    code = (
        "import sys, rempart.cli.insurer; extras = {'psycopg', 'asyncpg', 'litestar', 'uvicorn', 'joserfc', 'lxml'}; "
        "print(sorted(extras & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "[]\n"
