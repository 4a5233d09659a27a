"""The report server: reads for who has an id, the rest for who has the token."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web

from dsfix.accepting import admit
from dsfix.errors import DsfixError
from dsfix.reports import bundle, query, reading, view
from dsfix.reports.bundle import Label, Manifest, Refused, Tags
from dsfix.reports.guard import MANAGING, Guard
from dsfix.reports.query import Report, Version, Wanted
from dsfix.reports.store import Content, Labels, Store, Unknown

_log = logging.getLogger(__name__)
_MOST = 1000  # reports in one answer
_TITLE = 200  # characters of a page's own title
_FOUND = 2_000_000  # characters of a page that can be searched for
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Labelling(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a change; see `Labels`."""

    tag: Tags = ()
    untag: Tags = ()
    category: Label | None = None
    project: Label | None = None
    deleted: bool | None = None


def application(store: Store, guard: Guard) -> web.Application:
    """The server's routes, behind its guard."""
    reports = _Reports(store)

    @web.middleware
    async def admitted(request: web.Request, handler: _Handler) -> web.StreamResponse:
        heads: dict[str, list[str]] = {}
        for name, value in request.headers.items():
            heads.setdefault(name.lower(), []).append(value)
        refusal = guard.refusal(request.path, heads)
        if refusal is not None:
            return _error(refusal.status, refusal.reason)
        admit(request.transport)
        return await _answered(request, handler)

    app = web.Application(middlewares=[admitted], client_max_size=bundle.UPLOAD)
    app.add_routes(
        [
            web.get("/{name:page\\.css|page\\.js}", _static),
            web.get("/r/{id}", reports.show),
            web.get("/r/{id}/latest", reports.latest),
            web.get("/r/{id}/v{version:[0-9]{1,9}}", reports.show),
            web.get("/r/{id}/v{version:[0-9]{1,9}}/download", reports.download),
            web.get("/r/{id}/v{version:[0-9]{1,9}}/files/{name:.+}", reports.file),
            web.post("/api/reports", reports.add),
            web.get("/api/reports", reports.listed),
            web.get("/api/reports/{id}", reports.tell),
            web.patch("/api/reports/{id}", reports.change),
            web.delete("/api/reports/{id}", reports.purge),
        ]
    )
    return app


class _Reports:
    """What the routes do. The store is used in the event loop's own thread alone."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def show(self, request: web.Request) -> web.Response:
        report, version = self._read(request)
        page = view.around(report, version, live="version" not in request.match_info)
        return web.Response(text=page, content_type="text/html", headers=view.AROUND)

    async def latest(self, request: web.Request) -> web.Response:
        report, _ = self._read(request)
        return web.json_response({"state": view.state(report)}, headers=view.COMMON)

    async def download(self, request: web.Request) -> web.Response:
        report, version = self._read(request)
        path = self._store.archive(report, version.version)
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:  # it was removed for good just now, or by hand
            raise web.HTTPNotFound from None
        headers = {**_inside(request), "Content-Type": "application/zip"}
        headers["Content-Disposition"] = view.attachment(report, version.version)
        return web.Response(body=data, headers=headers)

    async def file(self, request: web.Request) -> web.Response:
        report, version = self._read(request)
        name = request.match_info["name"]
        path = self._store.archive(report, version.version)
        data = await asyncio.to_thread(bundle.file, path, name)
        if data is None:
            raise web.HTTPNotFound
        headers = {**_inside(request), "Content-Type": view.content_type(name, data)}
        return web.Response(body=data, headers=headers)

    async def add(self, request: web.Request) -> web.Response:
        if (size := request.content_length or 0) > bundle.UPLOAD:
            raise web.HTTPRequestEntityTooLarge(bundle.UPLOAD, size)
        upload = await request.read()
        manifest, content = await asyncio.to_thread(_taken, upload)
        report = self._store.add(manifest, content)
        return _json(self._told(report), 201)

    async def listed(self, request: web.Request) -> web.Response:
        asked = request.query
        said = (" ".join(word.split()) for word in asked.getall("word", []))  # as it is kept
        words = tuple(filter(None, said))
        if any("\0" in word for word in words):
            raise Refused("a word to search for must not hold a NUL")
        wanted = Wanted(
            words,
            tuple(asked.getall("tag", [])),
            asked.get("category", ""),
            asked.get("project", ""),
            asked.get("session", ""),
            "deleted" in asked,
        )
        limit, offset = _number(asked, "limit", 20), _number(asked, "offset", 0)
        found = query.listed(self._store.db, wanted, min(limit, _MOST), offset)
        return _json([self._told(each, words) for each in found])

    async def tell(self, request: web.Request) -> web.Response:
        return _json(self._told(self._store.named(request.match_info["id"])))

    async def change(self, request: web.Request) -> web.Response:
        report = self._store.named(request.match_info["id"])
        try:
            labels = msgspec.json.decode(await request.read(), type=_Labelling)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(f"no valid change: {error}") from error
        changed = self._store.change(report, Labels(**msgspec.structs.asdict(labels)))
        return _json(self._told(changed))

    async def purge(self, request: web.Request) -> web.Response:
        report = self._store.named(request.match_info["id"])
        if report.deleted is None:
            raise Refused(f"the report {report.id!r} is not deleted")
        self._store.purge(report)
        return _json({"id": report.id})

    def _read(self, request: web.Request) -> tuple[Report, Version]:
        """The report and version of a path. Raises HTTPNotFound."""
        report = self._store.readable(request.match_info["id"])
        if report is None:
            raise web.HTTPNotFound
        number = request.match_info.get("version")
        if number is None:
            return report, report.newest
        for version in report.versions:
            if str(version.version) == number:
                return report, version
        raise web.HTTPNotFound

    def _told(self, report: Report, words: tuple[str, ...] = ()) -> dict[str, object]:
        told = {**report.as_dict(), "address": f"/r/{report.id}"}
        if words:
            told["found"] = query.found(self._store.db, report, words)
        return told


def _taken(upload: bytes) -> tuple[Manifest, Content]:
    """Check an upload and read its page. Raises Refused."""
    manifest, files = bundle.unbundled(upload)
    page = reading.page(files[manifest.entry])
    size = sum(map(len, files.values()))
    title, text = page.title[:_TITLE], page.text[:_FOUND]
    return manifest, Content(bundle.zipped(files), title, text, size, len(files))


async def _answered(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """What the route answers; whatever is not there looks the same."""
    try:
        return await handler(request)
    except Unknown as error:
        return _error(404, error.message)
    except Refused as error:
        return _error(400, error.message)
    except DsfixError as error:
        return _error(500, error.message)
    except web.HTTPRequestEntityTooLarge:
        return _error(413, f"the upload is over {bundle.UPLOAD // bundle.MIB} MiB")
    except ConnectionResetError:  # who sends it was stopped: nobody is there to be told
        return _error(400, "the upload has no end")
    except web.RequestPayloadError:
        return _error(400, "the body is compressed, and not well")
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        if request.path.startswith(MANAGING):
            return _error(404, "there is nothing here")
    except Exception:
        _log.exception("%s failed", request.method)
        return _error(500, "the server failed; its own output says why")
    return web.Response(
        text=view.NOT_FOUND, status=404, content_type="text/html", headers=view.AROUND
    )


def _inside(request: web.Request) -> dict[str, str]:
    own = request.match_info
    return view.inside(request.host, f"/r/{own['id']}/v{own['version']}/files/")


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    headers = {**view.COMMON, "Content-Type": view.STATIC[name]}
    return web.Response(body=view.static(name), headers=headers)


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(f"{name} must be a number")
    return int(text)


def _json(data: object, status: int = 200) -> web.Response:
    return web.Response(
        text=json.dumps(data, ensure_ascii=False),
        status=status,
        content_type="application/json",
        headers=view.COMMON,
    )


def _error(status: int, message: str) -> web.Response:
    return _json({"error": message}, status)
