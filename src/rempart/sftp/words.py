"""What software is told over SFTP: a stable code, then a sentence in French for who reads its journal."""

from __future__ import annotations

from rempart.wire.problem import Problem

OWN = {
    "file-too-large": "Ce fichier est trop grand : envoyez-le en plusieurs.",
    "file-empty": "Ce fichier est vide : rien n'a été pris.",
    "gateway-full": "Trop de fichiers arrivent en ce moment : renvoyez celui-ci dans quelques minutes.",
    "files-a-day": "Trop de fichiers aujourd'hui : renvoyez celui-ci demain, ou appelez l'opérateur.",
    "bytes-a-day": "Trop d'octets aujourd'hui : renvoyez ce fichier demain, ou appelez l'opérateur.",
    "file-not-whole": "Ce fichier n'est pas arrivé entier : rien n'a été pris, renvoyez-le.",
    "hub-away": "Le service ne répond pas : rien n'est perdu, renvoyez ce fichier dans quelques minutes.",
    "name-not-taken": "Nom refusé : lettres sans accent, chiffres, point, tiret, 120 caractères au plus.",
    "write-only": "On dépose ici, on ne relit pas : les retours sont dans /retour.",
    "read-only": "On ne dépose pas ici : les fichiers se déposent dans /depot.",
    "not-offered": "Cette opération n'existe pas ici.",
    "no-such-file": "Il n'y a rien à ce nom.",
    "too-many-open": "Trop de fichiers à la fois : finissez-en un avant d'en commencer un autre.",
    "too-many-connections": "Trop de connexions à la fois pour ce compte : fermez-en une.",
    "idle": "Connexion fermée faute d'activité : reconnectez-vous.",
    "stopping": "Le service s'arrête : reconnectez-vous dans quelques minutes.",
    "ssh-key-unknown": "Cette clé n'est plus enregistrée : appelez l'opérateur.",
    "no-mandate": "Aucun établissement ne vous a donné de mandat en cours, ou pas celui-là.",
    "client-suspended": "Ce compte est suspendu : appelez l'opérateur.",
    "site-suspended": "Cet établissement est suspendu : appelez l'opérateur.",
    "client-standing": "Ce compte est suspendu : appelez l'opérateur.",
    "site-standing": "Cet établissement est suspendu : appelez l'opérateur.",
}


def told(code: str) -> str:
    """One of ours."""
    return f"{code}: {OWN[code]}"


def of_problem(problem: Problem) -> str:
    """The hub's no: the public sentence of a closure, ours where there is one, else the hub's own."""
    if problem.closure is not None:
        return f"{problem.code}: {problem.closure.french}"
    return f"{problem.code}: {OWN.get(problem.code) or problem.detail or problem.title}"
