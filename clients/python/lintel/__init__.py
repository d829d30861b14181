"""A client of Lintel apps, which needs the standard library alone.

    import lintel

    app = lintel.connect("https://shop.example")
    login = app.getElement("auths.loginTypes.myPhoneLogin")
    login.sendMessage("13800138000")

Arguments are positional, named, or one dict of named ones. A function returns its
data or raises an Error with a code.
"""

import http.client
import json
import secrets
import threading
import urllib.error
import urllib.request

__all__ = ["App", "Element", "Error", "connect", "new_key"]


class Error(Exception):
    """An error that the app answered, or no answer at all (code "NETWORK")."""

    def __init__(self, code, message="", status=0, data=None, retry_after=None, request_id=""):
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.status = status
        self.data = data or {}
        #: Seconds until another attempt makes sense; None where not known.
        self.retry_after = retry_after
        self.request_id = request_id


def new_key():
    """Returns an idempotency key: a request repeated with it is answered again, not done again."""
    return secrets.token_hex(16)


def connect(url, app_id=None, token="", device="", timeout=35.0):
    """Returns the app at url. It sends nothing until the first call."""
    return App(url, app_id, token, device, timeout)


class App:
    """An app, for use from any thread."""

    def __init__(self, url, app_id=None, token="", device="", timeout=35.0):
        self._url = url.rstrip("/")
        self._app_id = app_id
        self._timeout = timeout
        self._description = None
        self._lock = threading.Lock()
        #: An access token, and the device token of an earlier login.
        self.token = token
        self.device = device

    def getElement(self, full_name):  # noqa: N802: its name in every Lintel API
        """Returns an element, whose functions are methods."""
        return Element(self, full_name)

    def describe(self):
        """Returns the app's description (OpenAPI), which it fetches once."""
        with self._lock:
            if self._description is None:
                self._description = self._send("/openapi.json")
            return self._description

    def call(self, full_name, name, args=None, key=None):
        """Calls a function with named arguments and returns its data."""
        app_id = self._app_id or self.describe()["info"]["x-app-id"]
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or new_key()}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if self.device:
            headers["Lintel-Device"] = self.device
        path = "/".join(["/api"] + [part.replace(".", "/") for part in (app_id, full_name, name)])
        return self._send(path, headers, json.dumps(args or {}).encode())["data"]

    def _send(self, path, headers=None, body=None):
        request = urllib.request.Request(self._url + path, data=body, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as answer:
            with answer:
                raise _error_of(answer) from None
        except (OSError, ValueError, http.client.HTTPException):
            raise Error("NETWORK", "no answer") from None


def _error_of(answer):
    try:
        body = json.load(answer)
        data = body.get("data") or {}
        wait = data.get("retryAfter", answer.headers.get("Retry-After"))
        return Error(
            body["code"], body.get("errmsg", ""), answer.code, data,
            None if wait is None else float(wait), body.get("requestId", ""),
        )
    except (OSError, ValueError, KeyError, AttributeError):
        return Error("NETWORK", "no answer that can be read", answer.code)


class Element:
    """An element of an app; any of its functions is a method."""

    def __init__(self, app, full_name):
        self._app = app
        self.full_name = full_name

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)

        def function(*args, **named):
            if len(args) == 1 and isinstance(args[0], dict) and not named:
                return self._app.call(self.full_name, name, args[0])
            return self._app.call(self.full_name, name, {**self._named(name, args), **named})

        return function

    def _named(self, name, args):
        if not args:
            return {}
        for path in self._app.describe()["paths"].values():
            if path["post"]["operationId"] == self.full_name + "." + name:
                names = path["post"]["x-args"]
                if len(args) > len(names):
                    raise Error("API_PARAMS_ERROR", "%s.%s takes %d arguments" % (self.full_name, name, len(names)))
                return {n: v for n, v in zip(names, args) if v is not None}
        raise Error("FUNCTION_NOT_FOUND", "no function %s.%s" % (self.full_name, name))
