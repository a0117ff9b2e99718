"""The API's document as one page: plain HTML made once, one style sheet, no script, no other host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from rempart.api.schema_words import OPERATIONS, TAGS
from rempart.wire.token import FORM_TYPE

Json = dict[str, Any]
_METHODS = ("get", "post")


def page(document: Json) -> str:
    """The whole page."""
    by_tag: dict[str, list[tuple[str, str, Json]]] = {name: [] for name, _, _ in TAGS}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                by_tag.setdefault(operation.get("tags", [""])[0], []).append((method, path, operation))
    order = {name: place for place, name in enumerate(OPERATIONS)}
    for found in by_tag.values():
        found.sort(key=lambda one: order.get(one[2]["operationId"], len(order)))
    schemas = document["components"]["schemas"]
    parts = [*_top(document, by_tag), *_sign_in(document)]
    for name, title, text in TAGS:
        parts.append(f'<section aria-labelledby="{name}"><h2 id="{name}">{_(title)}</h2><p class="lead">{_(text)}</p>')
        parts += [_operation(*one, schemas) for one in by_tag[name]]
        parts.append("</section>")
    parts += [*_types(schemas), *_refusals(document), *_reasons(document), "</main></div></body></html>\n"]
    return "\n".join(parts)


def _(text: object) -> str:
    return escape(str(text), quote=True)


def _top(document: Json, by_tag: dict[str, list[tuple[str, str, Json]]]) -> Iterator[str]:
    yield (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Rempart API</title>'
        '<link rel="stylesheet" href="/schema/style.css"></head><body>'
        '<a class="skip" href="#content">Skip to the content</a><header class="bar"><a class="brand" href="#content">'
        'Rempart <span>API</span></a><a class="get" href="/schema/openapi.json">OpenAPI document</a></header>'
        '<div class="page"><nav aria-label="Contents"><ul class="toc">'
        '<li><a href="#programs">How a program signs in</a></li>'
    )
    for name, title, _text in TAGS:
        rows = "".join(
            f'<li><a href="#{_(op["operationId"])}">{_(op["summary"])}</a></li>' for _m, _p, op in by_tag[name]
        )
        yield f'<li><a href="#{name}">{_(title)}</a><ul>{rows}</ul></li>'
    yield (
        '<li><a href="#types">Types</a></li><li><a href="#refusals">Refusals</a></li>'
        '<li><a href="#reasons">Reasons</a></li></ul></nav><main id="content">'
        f'<h1>Rempart API</h1><p class="lead">{_(document["info"]["description"])}</p>'
    )


def _sign_in(document: Json) -> Iterator[str]:
    yield '<section aria-labelledby="programs"><h2 id="programs">How a program signs in</h2><dl class="fields">'
    for name, scheme in document["components"]["securitySchemes"].items():
        yield f'<div><dt><code>{_(name)}</code> <span class="type">{_(scheme["type"])}</span></dt>'
        yield f"<dd>{_(scheme['description'])}</dd></div>"
    yield "</dl></section>"


def _operation(method: str, path: str, operation: Json, schemas: Json) -> str:
    name = _(operation["operationId"])
    who = "Token needed" if operation.get("security") else "No token"
    parts = [
        f'<article class="op" aria-labelledby="{name}"><h3 id="{name}">{_(operation["summary"])}</h3>',
        f'<p class="route"><span class="method {method}">{method.upper()}</span> <code>{_broken(path)}</code>',
        f'<span class="who">{who}</span></p><p>{_(operation.get("description", ""))}</p>',
    ]
    parameters = operation.get("parameters", ())
    if parameters:
        parts.append("<h4>Parameters</h4>" + _list(_parameter(one) for one in parameters))
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f'<h4>Request <span class="kind">{_(kind)}</span></h4>' + _shape(media["schema"], schemas))
        parts.append(_shown(media, f"Example of the request {name}", form=kind == FORM_TYPE))
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            parts.append(_answer(status, answer, schemas, name))
    parts.append(_refused(operation["responses"], name))
    return "\n".join([*parts, "</article>"])


def _answer(status: str, answer: Json, schemas: Json, name: str) -> str:
    content: Json = answer.get("content", {})
    kind = next(iter(content), "")
    media: Json = content.get(kind, {})
    head = f'<h4>Answer <span class="status ok">{_(status)}</span> <span class="kind">{_(kind)}</span></h4>'
    shape = _shape(media["schema"], schemas) if media else ""
    return f"{head}<p>{_(answer['description'])}</p>{shape}{_shown(media, f'Example of the answer {name}')}"


def _refused(responses: Json, name: str) -> str:
    """Every refusal behind a disclosure that opens without a script."""
    rows, count = [], 0
    for status, answer in responses.items():
        if status.startswith("2"):
            continue
        media: Json = next(iter(answer.get("content", {}).values()), {})
        codes = media.get("examples", {})
        count += len(codes)
        inside = "".join(
            f"<div><dt><code>{_(code)}</code></dt><dd>{_(_said(one))}</dd></div>" for code, one in codes.items()
        )
        rows.append(
            f'<h5><span class="status">{_(status)}</span> {_(answer["description"])}</h5>'
            f'<dl class="fields codes">{inside}</dl>'
        )
    label = (
        f'<summary>Refusals <span class="count">{count} codes</span><span class="hidden"> of {name}</span></summary>'
    )
    return f"<details>{label}{''.join(rows)}</details>"


def _said(example: Json) -> str:
    document = example["value"]
    if isinstance(document, str):  # a message, whose summary says it
        return str(example["summary"])
    if "issue" in document:  # an OperationOutcome
        return str(document["issue"][0]["diagnostics"])
    return str(document.get("detail") or document.get("error_description") or document["title"])


def _parameter(parameter: Json) -> str:
    needed = "" if parameter.get("required") else ", optional"
    example = f"Example: <code>{_(parameter['example'])}</code>" if "example" in parameter else ""
    kind = f"{parameter['in']}, {_kind(parameter['schema'])}{needed}"
    return f'<div><dt><code>{_(parameter["name"])}</code> <span class="type">{kind}</span></dt><dd>{example}</dd></div>'


def _shape(schema: Json, schemas: Json) -> str:
    if "oneOf" in schema:
        clear, sealed, *card = (_shape(one, schemas) for one in schema["oneOf"])
        scanned = "".join(f"<p>Or, with a signed card that was scanned:</p>{one}" for one in card)
        return f"{clear}<p>Or, past the hub to the keeper alone:</p>{sealed}{scanned}"
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in schemas:
        return _fields(schemas[name])
    return "" if schema.get("format") == "binary" else f"<p>{_kind(schema)}</p>"


def _fields(schema: Json) -> str:
    needed = schema.get("required", ())
    return _list(_field(name, value, needed=name in needed) for name, value in schema.get("properties", {}).items())


def _list(rows: Iterable[str]) -> str:
    return '<dl class="fields">' + "".join(rows) + "</dl>"


def _field(name: str, schema: Json, *, needed: bool) -> str:
    optional = "" if needed else ", optional"
    enum = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    values = ""
    if 0 < len(enum) <= 20:
        values = '<br><span class="values">' + " ".join(f"<code>{_(value)}</code>" for value in enum) + "</span>"
    kind = f'<span class="type">{_kind(schema)}{optional}</span>'
    return f"<div><dt><code>{_(name)}</code> {kind}</dt><dd>{_(schema.get('description', ''))}{values}</dd></div>"


_KINDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null", "object": "object"}


def _kind(schema: Json) -> str:
    """A schema in two words, a type of ours as a link."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#type-{_(name)}">{_(name)}</a>'
    for many in ("anyOf", "oneOf"):
        if many in schema:
            return " or ".join(_kind(one) for one in schema[many])
    if schema.get("type") == "array":
        inner = schema.get("items") or {}
        return f"list of {_kind(inner)}" if inner else "list"
    text = _KINDS.get(schema.get("type", ""), "text")
    return f"{text} ({_(schema['format'])})" if schema.get("format") else text


def _shown(media: Json, label: str, *, form: bool = False) -> str:
    """The one example, or each of several by its name."""
    if "example" in media:
        return _example(media["example"], label, form=form)
    several = media.get("examples", {}).items()
    return "".join(_example(one["value"], f"{label}: {which}") for which, one in several)


def _example(value: Any, label: str, *, form: bool = False) -> str:
    text = "&\n".join(f"{name}={one}" for name, one in value.items()) if form else value
    if not isinstance(text, str):
        text = json.dumps(value, ensure_ascii=False, indent=2)
    return f'<figure><figcaption class="hidden">{_(label)}</figcaption><pre><code>{_(text)}</code></pre></figure>'


def _types(schemas: Json) -> Iterator[str]:
    yield '<section aria-labelledby="types"><h2 id="types">Types</h2>'
    for name in sorted(schemas):
        yield f'<article class="op"><h3 id="type-{_(name)}">{_(name)}</h3>{_fields(schemas[name])}</article>'
    yield "</section>"


def _refusals(document: Json) -> Iterator[str]:
    """Every code once, with its status and sentence."""
    seen: dict[str, tuple[str, str]] = {}
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                content: Json = {} if status.startswith("2") else answer.get("content", {})
                for media in content.values():
                    for code, one in media.get("examples", {}).items():
                        seen.setdefault(code, (status, _said(one)))
    yield '<section aria-labelledby="refusals"><h2 id="refusals">Refusals</h2><dl class="fields codes">'
    for code, (status, text) in sorted(seen.items()):
        yield f'<div><dt><code>{_(code)}</code> <span class="status">{status}</span></dt><dd>{_(text)}</dd></div>'
    yield "</dl></section>"


def _reasons(document: Json) -> Iterator[str]:
    yield (
        '<section aria-labelledby="reasons"><h2 id="reasons">Reasons</h2><p class="lead">Why an invoice, a line, a lot'
        " or a file is not accepted. The French sentence is what screens and remittances show.</p>"
        '<dl class="fields codes">'
    )
    for reason in document["x-reasons"]:
        level = f'<span class="type">{_(reason["level"])}</span>'
        yield (
            f'<div><dt><code>{_(reason["code"])}</code> {level}</dt><dd><span lang="fr">{_(reason["french"])}</span>'
            f'<br><span class="english">{_(reason["english"])}</span></dd></div>'
        )
    yield "</dl></section>"


def _broken(path: str) -> str:
    """A path that may be broken after each slash."""
    return _(path).replace("/", "/<wbr>")
