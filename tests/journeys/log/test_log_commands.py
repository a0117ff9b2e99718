"""What auditors, insurers and witnesses run: `rempart log verify`, `prove`, `check-proof`, `rempart witness`."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from rempart.cli import log, witness
from rempart.formats.checkpoint import Checkpoint, Note, VerifierKey, cosigned_at, parse, parse_key, sign
from rempart.storage.log_reading import month_named, read_checkpoint, read_proof
from support.log_world import NOVEMBER, ForwardSigner, LogWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

WITNESS = "witness.example/w1"


def run(*words: object) -> Result:
    app = witness.app if words[0] in ("follow", "key") else log.app
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def key(world: LogWorld, tmp_path: Path) -> Path:
    """The log's public key as an outsider keeps it."""
    place = tmp_path / "log.pub"
    place.write_text(base64.b64encode(world.signer.public).decode() + "\n")
    return place


def kept(world: LogWorld, place: Path) -> Path:
    place.write_bytes(world.kept[-1].serialise())
    return place


@contextmanager
def served(world: LogWorld) -> Iterator[str]:
    """The log's small HTTP shapes, answered by the reading functions the hub exposes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, _, text, what = parts.path.split("/")
            month, asked = month_named(text), parse_qs(parts.query)
            assert month is not None
            with world.connect("hub") as connection:
                if what == "checkpoint":
                    content = read_checkpoint(connection, month)
                else:
                    content = read_proof(connection, month, int(asked["from"][0]), int(asked["to"][0]))
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_verify_says_that_an_honest_log_holds(world: LogWorld, key: Path, tmp_path: Path) -> None:
    """Exit code 0, with the number of leaves recomputed; the database URL comes from a 0600 file."""
    world.write(20)
    world.fold()
    world.sign()
    secret = tmp_path / "auditor.url"
    secret.write_text(world.urls["auditor"])
    secret.chmod(0o600)
    words = ("verify", "--key", key, "--checkpoint", kept(world, tmp_path / "kept"), "--database-url-file", secret)
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert "20 leaves recomputed, 20 of them signed; nothing wrong" in result.output
    secret.chmod(0o644)
    assert run(*words).exit_code == 3


def test_verify_names_the_wrong_leaf_and_exits_with_1(world: LogWorld, key: Path, tmp_path: Path) -> None:
    """An edited disclosure is told in plain words, without any of its values."""
    world.write(20)
    world.fold()
    world.sign()
    with world.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update rempart.disclosure set site = '759999999' where id = 8")
    result = run(
        *(
            "verify",
            "--key",
            key,
            "--checkpoint",
            kept(world, tmp_path / "kept"),
            "--database-url",
            world.urls["auditor"],
        )
    )
    assert result.exit_code == 1
    assert "First wrong leaf: 7." in result.output
    assert "759999999" not in result.output


def test_verify_refuses_a_checkpoint_that_the_log_never_signed(world: LogWorld, key: Path, tmp_path: Path) -> None:
    """A kept file signed by another key proves nothing."""
    world.write(2)
    world.fold()
    note = world.sign()
    forged = tmp_path / "forged"
    forged.write_bytes(sign(note.checkpoint, ForwardSigner().key).serialise())
    result = run("verify", "--key", key, "--checkpoint", forged, "--database-url", world.urls["auditor"])
    assert result.exit_code == 1
    assert "[kept-not-signed]" in result.output


def test_a_proof_shows_the_chosen_fields_and_hides_the_others(world: LogWorld, key: Path, tmp_path: Path) -> None:
    """Whoever has the log's key checks the file; the hidden site is not in it; a change to it fails."""
    world.write(300)
    world.fold(most=1_000)
    world.sign()
    place = tmp_path / "proof.json"
    shown = ("--show", "instant", "--show", "purpose", "--show", "outcome")
    made = run("prove", "--disclosure", 5, "--out", place, *shown, "--database-url", world.urls["auditor"])
    assert made.exit_code == 0, made.output
    checked = run("check-proof", "--key", key, place)
    assert checked.exit_code == 0, checked.output
    assert "leaf 4 of 300 holds" in checked.output
    assert "purpose: invoice" in checked.output
    assert "759900004" not in place.read_text()
    content = json.loads(place.read_text())
    content["fields"][10]["value"] = "not-covered"
    place.write_text(json.dumps(content))
    changed = run("check-proof", "--key", key, place)
    assert changed.exit_code == 1
    assert "[proof-fails]" in changed.output


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"format": "rempart-disclosure-proof/2"}'])
def test_what_is_no_proof_is_refused(key: Path, tmp_path: Path, content: bytes) -> None:
    """A file that is no proof ends with a sentence, not with a crash."""
    place = tmp_path / "proof.json"
    place.write_bytes(content)
    result = run("check-proof", "--key", key, place)
    assert result.exit_code == 1
    assert "[bad-proof]" in result.output


def test_a_disclosure_not_yet_signed_has_no_proof(world: LogWorld, tmp_path: Path) -> None:
    """Unknown, unfolded and unsigned disclosures are told apart."""
    world.write(1)
    words = ("prove", "--disclosure", 1, "--out", tmp_path / "x", "--show", "site", "--database-url")
    assert "[not-folded]" in run(*words, world.urls["auditor"]).output
    world.fold()
    assert "[not-signed]" in run(*words, world.urls["auditor"]).output


class Watch:
    """A witness with its key and its state folder."""

    def __init__(self, key: Path, folder: Path) -> None:
        self.state = folder / "state"
        self.state.mkdir()
        made = run("key", "--out", folder / "witness.key", "--name", WITNESS)
        verifier = parse_key(made.output)
        assert isinstance(verifier, VerifierKey)
        self.verifier = verifier
        self.words = ("follow", "--key", key, "--name", WITNESS, "--witness-key", folder / "witness.key")
        self.words += ("--origin", "rempart.example/log", "--month", "2026-11", "--state", self.state)

    def visit(self, *source: object) -> Result:
        return run(*self.words, *source)

    def note(self) -> Note:
        note = parse((self.state / "2026-11.checkpoint").read_bytes())
        assert isinstance(note, Note)
        return note


@pytest.fixture
def watch(key: Path, tmp_path: Path) -> Watch:
    return Watch(key, tmp_path)


def test_a_witness_follows_an_honest_log_over_http(world: LogWorld, watch: Watch) -> None:
    """First sight, the same again, then growth by a proof: each is cosigned and kept."""
    with served(world) as url:
        for many, size in ((5, 5), (0, 5), (600, 605)):
            world.write(many)
            world.fold()
            world.sign()
            result = watch.visit("--url", url)
            assert result.exit_code == 0, result.output
            assert watch.note().checkpoint.size == size
            assert isinstance(cosigned_at(watch.note(), watch.verifier), int)


def test_a_witness_refuses_a_rollback_and_keeps_the_contradiction(
    world: LogWorld, watch: Watch, tmp_path: Path
) -> None:
    """A smaller tree, properly signed, is refused in a clear sentence; its note is kept as proof."""
    world.write(8)
    world.fold()
    world.sign()
    assert watch.visit("--checkpoint", kept(world, tmp_path / "a")).exit_code == 0
    before = watch.note()
    smaller = tmp_path / "b"
    smaller.write_bytes(sign(Checkpoint(before.checkpoint.origin, 7, bytes(32)), world.signer.key).serialise())
    result = watch.visit("--checkpoint", smaller)
    assert result.exit_code == 1
    assert "ROLLBACK: the log shows 7 leaves; it had already shown 8" in result.output
    assert watch.note() == before
    assert (watch.state / "2026-11.checkpoint.contradiction").read_bytes() == smaller.read_bytes()


@pytest.mark.parametrize("size", [8, 12])
def test_a_witness_refuses_a_fork(world: LogWorld, watch: Watch, tmp_path: Path, size: int) -> None:
    """Another tree of the same size, or a larger one that does not begin with the old one, is refused."""
    world.write(8)
    world.fold()
    world.sign()
    assert watch.visit("--checkpoint", kept(world, tmp_path / "a")).exit_code == 0
    origin = watch.note().checkpoint.origin
    fork, proof = tmp_path / "fork", tmp_path / "proof"
    fork.write_bytes(sign(Checkpoint(origin, size, bytes(32)), world.signer.key).serialise())
    proof.write_bytes(base64.b64encode(bytes(32)) + b"\n")
    result = watch.visit("--checkpoint", fork, "--proof", proof)
    assert result.exit_code == 1
    assert "FORK" in result.output


def test_a_witness_refuses_what_the_log_did_not_sign(world: LogWorld, watch: Watch, tmp_path: Path) -> None:
    """Another key, another log and an unreachable one are refused, each with its code."""
    head = Checkpoint("rempart.example/log/2026-11", 3, bytes(32))
    place = tmp_path / "note"
    place.write_bytes(sign(head, ForwardSigner().key).serialise())
    assert "[not-signed]" in watch.visit("--checkpoint", place).output
    other = Checkpoint("rempart.example/log/2026-12", 3, bytes(32))
    place.write_bytes(sign(other, world.signer.key).serialise())
    assert "[wrong-origin]" in watch.visit("--checkpoint", place).output
    assert "[log-unreachable]" in watch.visit("--url", "http://127.0.0.1:1").output
    assert "[bad-address]" in watch.visit("--url", "file:///etc/hostname").output
    assert not (watch.state / "2026-11.checkpoint").exists()


def test_the_months_of_a_path() -> None:
    """A path names a month or the log of months, and nothing else."""
    assert month_named("2026-11") == NOVEMBER
    assert month_named("months") == 0
    assert month_named("../etc") is None
