"""Runs the cases of all clients: python3 golden.py URL PHONE OTHER"""

import json
import os
import re
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import lintel  # noqa: E402

url, phone, other = sys.argv[1:]
with open(os.path.join(HERE, "..", "golden.json"), encoding="utf-8") as file:
    golden = json.load(file)
kept = {"phone": phone, "other": other, "masked": phone[:3] + "****" + phone[-4:]}
app = lintel.connect(url)


def fill(value):
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda m: kept[m.group(1)], value)
    if isinstance(value, list):
        return [fill(v) for v in value]
    if isinstance(value, dict):
        return {k: fill(v) for k, v in value.items()}
    return value


def contains(have, want):
    if want == "*":
        return isinstance(have, str) and have != ""
    if want == "#":
        return isinstance(have, (int, float)) and have > 0
    if isinstance(want, dict):
        return isinstance(have, dict) and all(contains(have.get(k), w) for k, w in want.items())
    return have == want


for i, step in enumerate(golden["steps"]):
    if "code" in step:
        with urllib.request.urlopen(url + "/_dev/outbox.json") as answer:
            messages = json.load(answer)
        kept[step["keep"]] = next(m["params"]["code"] for m in messages if m["phone"] == "+86" + fill(step["code"]))
        continue
    where = "step %d (%s): " % (i, step["call"])
    function = getattr(app.getElement(step.get("name") or golden[step["element"]]), step["call"])
    args = fill(step["args"])
    data = error = None
    try:
        data = function(*args) if isinstance(args, list) else function(args)
    except lintel.Error as e:
        error = {"code": e.code, "status": e.status, "data": e.data, "retryAfter": e.retry_after}
    if "error" in step:
        if error is None or not contains(error, step["error"]):
            sys.exit(where + "error %s" % (error and error["code"]))
        continue
    if error is not None:
        sys.exit(where + error["code"])
    if not contains(data, fill(step["data"])):
        sys.exit(where + "another answer")
    for name, key in step.get("keep", {}).items():
        kept[name] = data[key]
    if step.get("signIn"):
        app.token, app.device = kept["token"], kept["device"]

try:
    lintel.connect("http://127.0.0.1:1", "a.b").getElement("x").y()
    sys.exit("an answer from nowhere")
except lintel.Error as e:
    if e.code != "NETWORK":
        raise
print("%d steps" % len(golden["steps"]))
