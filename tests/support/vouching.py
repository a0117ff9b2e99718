"""A provider in software that signs what a test wants, as Pro Santé Connect does, and people it knows (invented)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

ISSUER = "https://auth.provider.test/auth/realms/esante-wallet"
AUTHORIZE = "https://wallet.provider.test/auth"
CLIENT = "rempart-horizon"
ACR = "eidas1"
NOW = 1_900_000_000  # seconds UTC
RPPS = "10001234565"  # of nobody
NATIONAL_ID = "8" + RPPS
SUBJECT = f"f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:{NATIONAL_ID}"


@cache
def rsa(number: int = 0) -> RSAKey:
    """A key, made once for all tests."""
    return RSAKey.generate_key(2048, {"kid": f"key-{number}"})


def jwks(*keys: RSAKey | ECKey) -> dict[str, dict[str, str]]:
    """Public JWKs by `kid`."""
    return {str(key.kid): {k: str(v) for k, v in key.as_dict(private=False).items() if k != "kid"} for key in keys}


def text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Vouching:
    """Signs id_tokens: good ones, unless a test says otherwise."""

    key: RSAKey | ECKey | OctKey = field(default_factory=rsa)
    issuer: str = ISSUER
    client_id: str = CLIENT

    def id_token(
        self, asked: str, /, *, instant: int = NOW, header: dict[str, Any] | None = None, **claims: Any
    ) -> bytes:
        """`claims` replace; None leaves one out."""
        said = {
            "iss": self.issuer, "sub": SUBJECT, "aud": self.client_id, "azp": self.client_id, "exp": instant + 60,
            "iat": instant, "auth_time": instant, "nonce": asked, "acr": ACR, "SubjectNameID": NATIONAL_ID,
            "given_name": "PERSONNE", "family_name": "INVENTEE",
        } | claims  # fmt: skip
        kept = {name: value for name, value in said.items() if value is not None}
        head = {"alg": "RS256", "typ": "JWT", "kid": str(self.key.kid)} | (header or {})
        content = json.dumps(kept).encode()
        if head["alg"] == "none":
            return f"{text(json.dumps(head).encode())}.{text(content)}.".encode()
        return jws.serialize_compact(head, content, self.key, algorithms=[head["alg"]]).encode()


def userinfo(*places: dict[str, str], sub: str = SUBJECT, name_id: str = NATIONAL_ID) -> bytes:
    """What userinfo answers, with one exercice for each place; many values are empty texts, as the provider's are."""
    exercices = [
        {
            "codeProfession": place.get("profession", "21"), "codeCategorieProfessionnelle": "C",
            "codeTypeSavoirFaire": "", "nomDexercice": "INVENTEE", "prenomDexercice": "PERSONNE",
            "activities": [{
                "codeModeExercice": place.get("mode", "L"), "codeSecteurDactivite": "SA33",
                "numeroFinessSite": place.get("finess", ""), "numeroSiretSite": place.get("siret", ""),
                "raisonSocialeSite": place.get("name", ""), "autoriteDenregistrement": "",
            }],
        }
        for place in places
    ]  # fmt: skip
    said = {
        "sub": sub, "SubjectNameID": name_id, "SubjectRole": ["21^1.2.250.1.213.1.1.5.5"], "family_name": "INVENTEE",
        "SubjectRefPro": {"codeCivilite": "M", "exercices": exercices},
    }  # fmt: skip
    return json.dumps(said).encode()


def discovery(**changed: Any) -> bytes:
    """A document like the provider's."""
    said = {
        "issuer": ISSUER, "authorization_endpoint": AUTHORIZE,
        "token_endpoint": f"{ISSUER}/protocol/openid-connect/token",
        "userinfo_endpoint": f"{ISSUER}/protocol/openid-connect/userinfo",
        "jwks_uri": f"{ISSUER}/protocol/openid-connect/certs",
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": True,
    } | changed  # fmt: skip
    return json.dumps({name: value for name, value in said.items() if value is not None}).encode()
