"""Takes in a request's body, once, within its limit, and a form's fields from it."""

from urllib.parse import parse_qsl

from litestar.connection import Request
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException, InternalServerException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import HTTPReceiveMessage, Receive, WebSocketReceiveMessage

from service.core.errors import Malformed
from service.web.forms import BODY_LIMIT, FORMS, MOST_FIELDS, Sent, too_large
from service.web.visit import Visit


async def receive(request: Request, visit: Visit) -> Sent:
    """What this request sent, and the request's moment from now on: that the last of it is here.

    A body that is too large or unreadable is told when somebody asks for it.
    """
    if visit.sent is not None:
        return visit.sent
    media_type, _ = request.content_type
    secret = visit.house.settings.secret_key
    sent = Sent(visit.method, visit.path, visit.at, content_type=media_type, headers=request.headers, secret=secret)
    visit.sent = sent
    try:
        if visit.me is None and not visit.is_api and not visit.had_session:
            # Somebody whose session ran out may be sending a file; somebody who never had one may not.
            request.receive = _at_most(BODY_LIMIT, request.receive)
        sent.body = await request.body()
        if media_type in FORMS:
            await _take_form_in(request, sent)
    except RequestEntityTooLarge:
        sent.fault = too_large(request.route_handler.resolve_request_max_body_size() or BODY_LIMIT)
    except InternalServerException:
        sent.fault = Malformed("The request ended before all of it was here")
    except (ClientException, ValueError, LookupError):
        # LookupError: a part may name a charset that nobody knows.
        sent.fault = Malformed("The form cannot be read")
    visit.at = sent.at = visit.house.clock()
    return sent


def _at_most(limit: int, receive: Receive) -> Receive:
    """Hears what is sent, and stops at this many bytes: a length that was announced, or none, is only a promise."""
    left = limit

    async def hear() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message["body"])
            if left < 0:
                raise RequestEntityTooLarge
        return message

    return hear


async def _take_form_in(request: Request, sent: Sent) -> None:
    if sent.content_type == FORMS[0]:
        pairs = parse_qsl(
            sent.body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
        for name, value in pairs:
            sent.fields.setdefault(name, []).append(value)
        return
    parts = list((await request.form()).multi_items())
    for name, value in parts:
        # A part may name a charset that makes half characters, which nobody could keep or even print: a ValueError.
        f"{name}{value.filename if isinstance(value, UploadFile) else value}".encode()
    for name, value in parts:
        if isinstance(value, UploadFile):
            sent.files[name] = value
        else:
            sent.fields.setdefault(name, []).append(str(value))
