"""The key-encryption key on a PKCS#11 token (v2.40, OASIS 2015): AES-256, not extractable, used through CKM_AES_GCM.

The token is asked at start and at rotation only. Keys are labelled `<label>-<id>`; a destroyed key is gone from the
token.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pkcs11
from pkcs11.mechanisms import GCMParams

from .kek import Kek, KekMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TokenKek:
    """One key of the token; each call opens a session of its own."""

    def __init__(self, store: TokenKekStore, name: str) -> None:
        self.id = name
        self._store = store

    def wrap(self, key: bytes) -> bytes:
        """Nonce, then AES-256-GCM of `key`, encrypted by the token."""
        nonce = secrets.token_bytes(12)
        with self._store.key(self.id) as held:
            return nonce + bytes(
                held.encrypt(key, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=self._gcm(nonce))
            )

    def unwrap(self, wrapped: bytes) -> bytes:
        """What `wrap` was given. Raises KekMissingError when this key does not open it."""
        gcm = self._gcm(wrapped[:12])
        with self._store.key(self.id) as held:
            try:
                return bytes(held.decrypt(wrapped[12:], mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=gcm))
            except pkcs11.PKCS11Error as error:
                raise KekMissingError("the token's key does not open this ring") from error

    def _gcm(self, nonce: bytes) -> Any:
        return GCMParams(nonce, self.id.encode(), 128)


class TokenKekStore:
    """Keys of one token; `label` begins the label of each."""

    def __init__(self, module: Path, token_label: str, label: str, *, pin: str) -> None:
        self._module = str(module)
        self._token = token_label
        self._label = label
        self._pin = pin

    def __repr__(self) -> str:
        return f"TokenKekStore({self._token})"

    def find(self, name: str) -> Kek:
        """The key of that name. Raises KekMissingError."""
        with self.key(name):
            return TokenKek(self, name)

    def create(self) -> Kek:
        """A new key made inside the token: sensitive, not extractable."""
        name = secrets.token_hex(8)
        with self._session() as session:
            session.generate_key(
                pkcs11.KeyType.AES,
                256,
                label=self._label_of(name),
                store=True,
                capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
                template={pkcs11.Attribute.EXTRACTABLE: False, pkcs11.Attribute.SENSITIVE: True},
            )
        return TokenKek(self, name)

    def destroy_others(self, name: str) -> None:
        """Destroys every key of this label but that one."""
        with self._session() as session:
            keys = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}))
            for key in keys:
                if key.label.startswith(f"{self._label}-") and key.label != self._label_of(name):
                    key.destroy()

    @contextmanager
    def key(self, name: str) -> Iterator[Any]:
        """The token's handle of a key, for one use. Raises KekMissingError."""
        with self._session() as session:
            try:
                yield session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=self._label_of(name))
            except pkcs11.NoSuchKey as error:
                raise KekMissingError(f"the token {self._token} holds no key {self._label_of(name)}") from error

    @contextmanager
    def _session(self) -> Iterator[Any]:
        try:
            opened = pkcs11.lib(self._module).get_token(token_label=self._token).open(rw=True, user_pin=self._pin)
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            raise KekMissingError(f"the token {self._token} cannot be opened: {type(error).__name__}") from error
        with opened as session:
            yield session

    def _label_of(self, name: str) -> str:
        return f"{self._label}-{name}"
