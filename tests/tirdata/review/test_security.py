"""Who may ask what: hosts, origins, tokens, paths, sizes, headers; over real HTTP."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.tirdata.review.client import WAIT_S, Client, serving
from tests.tirdata.review.edits import begin
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.review import app as app_module
from tirdata.review import connection as connection_module
from tirdata.review.app import MOST_BYTES
from tirdata.review.security import Rules, is_local, new_token

TOKEN = "a-token-that-nobody-knows"  # noqa: S105


@pytest.fixture(scope="module")
def quiet(untouched_two: Dataset) -> Iterator[Client]:
    """A server that no test says anything to."""
    with serving(untouched_two) as found:
        yield found


@pytest.fixture(scope="module")
def guarded(untouched_two: Dataset) -> Iterator[Client]:
    """A server that others can reach."""
    with serving(untouched_two, token=TOKEN, local=False) as found:
        yield found


@pytest.fixture(scope="module")
def first(untouched_two: Dataset) -> str:
    return untouched_two.sequence_ids()[0].name


def raw(port: int, request: str) -> str:
    """The answer to a request that no client would make."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request.encode())
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
    return data.decode("latin-1")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "",
     "localhost:{port}@evil.example", "10.0.0.1:{port}", "localhost:{port}/x", "[::1", "localhost"],
)  # fmt: skip
def test_any_other_host_is_refused(quiet: Client, host: str) -> None:
    given = host.format(port=quiet.port)
    answer = raw(
        quiet.port, f"GET /api/dataset HTTP/1.1\r\nHost: {given}\r\nConnection: close\r\n\r\n"
    )
    assert answer.split()[1] in {"403", "400"}, answer


@pytest.mark.parametrize("lines", ["", "Host: localhost:{port}\r\nHost: evil.example\r\n"])
def test_no_host_or_two_are_refused(quiet: Client, lines: str) -> None:
    given = lines.format(port=quiet.port)
    answer = raw(quiet.port, f"GET /api/dataset HTTP/1.1\r\n{given}Connection: close\r\n\r\n")
    assert answer.split()[1] in {"403", "400"}, answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_our_own_names_are_answered(quiet: Client, host: str) -> None:
    answer = quiet.get("/api/dataset", {"host": f"{host}:{quiet.port}"})
    assert answer.status == 200


CROSS_SITE = {
    "other origin": {"origin": "http://evil.example"},
    "other port": {"origin": "http://127.0.0.1:1"},
    "no origin": {"origin": "null"},
    "other scheme": {"origin": "https://127.0.0.1:{port}"},
    "cross-site fetch": {"sec-fetch-site": "cross-site"},
    "same-site fetch": {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
}


@pytest.mark.parametrize("headers", CROSS_SITE.values(), ids=CROSS_SITE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_sites_are_refused(
    quiet: Client, first: str, headers: dict[str, str], method: str
) -> None:
    given = {name: value.format(port=quiet.port) for name, value in headers.items()}
    path = f"/api/sequences/{first}" + ("/undo" if method == "POST" else "")
    answer = quiet.ask(method, path, b"{}" if method == "POST" else None, given)
    assert (answer.status, answer.kind) == (403, "origin")


def test_our_own_page_and_scripts_may_write(client: Client, name: str) -> None:
    state = client.sequence(name)
    body = {"version": state["version"], "edits": [begin(state)]}
    own = {"origin": f"http://127.0.0.1:{client.port}", "sec-fetch-site": "same-origin"}
    assert client.post(f"/api/sequences/{name}/edits", body, own).status == 200
    assert client.step(name, "undo").status == 200


def test_link_on_another_site_opens_the_page_and_posts_nothing(quiet: Client, first: str) -> None:
    linked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert quiet.get("/", linked).status == 200
    assert quiet.post(f"/api/sequences/{first}/undo", {}, linked).kind == "origin"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_bodies_that_a_form_can_send_are_refused(quiet: Client, first: str, kind: str) -> None:
    body = b'{"version": "0-e3b0c442"}'
    answer = quiet.ask("POST", f"/api/sequences/{first}/undo", body, {"content-type": kind})
    assert (answer.status, answer.kind) == (415, "type")


def test_body_has_a_bound_said_or_not(quiet: Client, first: str) -> None:
    path = f"/api/sequences/{first}/edits"
    answer = quiet.ask("POST", path, b" " * (MOST_BYTES + 1), {"content-type": "application/json"})
    assert (answer.status, answer.kind) == (413, "size")
    chunk = f"{2**16:x}\r\n" + " " * 2**16 + "\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{quiet.port}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert " 413 " in raw(quiet.port, head + chunk * 17 + "0\r\n\r\n").splitlines()[0]


def test_head_of_a_request_has_a_bound(quiet: Client) -> None:
    lines = "".join(f"X-{number}: {'x' * 900}\r\n" for number in range(200))
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{quiet.port}\r\n{lines}\r\n"
    try:
        answer = raw(quiet.port, request)
    except ConnectionError:
        return
    assert answer.split()[1] in {"400", "431"}


@pytest.mark.parametrize(
    "begin", [b"", b"GET /api/dataset HTTP/1.1\r\nHost: 127.0"], ids=["nothing", "half"]
)
def test_who_never_says_a_request_is_left(
    quiet: Client, monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    monkeypatch.setattr(connection_module, "HEAD_S", 0.05)
    with socket.create_connection(("127.0.0.1", quiet.port), timeout=WAIT_S) as connection:
        connection.sendall(begin)
        assert connection.recv(1) == b""  # closed by the server


def test_a_body_that_never_ends_is_left(
    quiet: Client, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "BODY_S", 0.05)
    head = f"POST /api/sequences/{first}/edits HTTP/1.1\r\nHost: 127.0.0.1:{quiet.port}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{"
    assert " 408 " in raw(quiet.port, head).splitlines()[0]


def test_a_picture_or_card_that_is_a_link_to_elsewhere_is_not_sent(
    dataset: Dataset, client: Client, name: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.JPEG"
    secret.write_bytes(b"not for you")
    sequence = SequenceId.parse(name)
    digits = client.sequence(name)["hashes"][3]
    frame = dataset.frame_dir(sequence) / "000003.JPEG"
    frame.unlink()
    frame.symlink_to(secret)
    answer = client.get(f"/api/sequences/{name}/frames/3/{digits}")
    assert (answer.status, answer.kind) == (409, "frame_changed")
    assert b"not for you" not in answer.data
    card = dataset.card_path(sequence)
    card.unlink()
    card.symlink_to(secret)
    answer = client.get(f"/api/sequences/{name}")
    assert answer.status == 409
    assert b"not for you" not in answer.data


NAMES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["ILSVRC2015_train_00000000", "ILSVRC2015_train_٠٠٠٠٠٠٠٠", "..", "ILSVRC2015_val_00000000"]
    ),
)
PARTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["frames", "0", "-1", "٣", "edits", "events", "state", "..", "%2e%2e", "\x00"]),
)


@settings(max_examples=60, deadline=None)
@given(
    NAMES, st.lists(PARTS, max_size=4), st.dictionaries(st.text(max_size=6), st.text(max_size=9))
)
def test_whatever_address_is_asked_for_nothing_breaks(
    quiet: Client, name: str, parts: list[str], query: dict[str, str]
) -> None:
    assume("events" not in parts)
    words = [name, *parts]
    path = "/api/sequences/" + "/".join(quote(each, safe="%") for each in words)
    answer = quiet.get(f"{path}?{urlencode(query)}")
    assert answer.status in {200, 307, 400, 404, 409}, answer.data
    assert "tirdata.toml" not in answer.data.decode("latin-1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: (
        st.lists(each, max_size=4) | st.dictionaries(st.text(max_size=8), each, max_size=4)
    ),
    max_leaves=12,
)
VERBS = ["draw", "accept", "occluded", "end", "delete_box", "class", "reviewed"]
EDITS = st.fixed_dictionaries(
    {"do": st.sampled_from(VERBS)},
    optional={
        "track": JSON, "frame": JSON, "box": JSON, "hash": JSON, "class": JSON, "first": JSON,
        "last": JSON, "value": JSON, "frames": JSON,
    },
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(EDITS, max_size=3) | JSON, st.sampled_from(["edits", "undo", "xml", "cancel"]))
def test_whatever_body_is_sent_nothing_is_written_and_nothing_breaks(
    quiet: Client, first: str, edits: object, verb: str
) -> None:
    version = quiet.sequence(first)["version"]
    body = edits if verb != "edits" else {"version": version, "edits": edits}
    answer = quiet.post(f"/api/sequences/{first}/{verb}", body)
    harmless = isinstance(edits, list) and all(
        isinstance(each, dict) and each.get("do") == "reviewed" for each in edits
    )
    assert answer.status in {400, 409} or verb == "cancel" or harmless, answer.data
    assert answer.status < 500


ESCAPES = [
    "../tirdata.toml", "..%2ftirdata.toml", "%2e%2e/%2e%2e/tirdata.toml", "..\\tirdata.toml",
    "/etc/passwd", "%2fetc%2fpasswd", "....//tirdata.toml", "index.html/../../app.py", ".",
    "..%00", "index.html%00.js", "__init__.py", "../app.py", "~nobody", "file:///etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize(
    "where",
    ["/page/{}", "/{}", "/api/sequences/{}", "/api/sequences/{}/frames/0/0123456789abcdef",
     "/api/sequences/ILSVRC2015_train_00000000/frames/{}/0123456789abcdef",
     "/api/sequences/ILSVRC2015_train_00000000/frames/0/{}"],
)  # fmt: skip
def test_no_path_leads_out(quiet: Client, where: str, path: str) -> None:
    request = f"GET {where.format(path)} HTTP/1.1\r\nHost: 127.0.0.1:{quiet.port}\r\n"
    answer = raw(quiet.port, request + "Connection: close\r\n\r\n")
    status, body = answer.split()[1], answer.partition("\r\n\r\n")[2]
    assert status in {"404", "400"}, answer
    assert "root:" not in body
    assert "format =" not in body
    assert "import " not in body


def test_page_file_that_is_a_link_is_not_served(
    quiet: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tirdata.review import page_files

    (tmp_path / "secret.js").write_text("secret")
    page = tmp_path / "page"
    page.mkdir()
    (page / "a.js").symlink_to(tmp_path / "secret.js")
    (page / "b.js").write_text("export {}")
    (page / "notes.txt").write_text("notes")
    monkeypatch.setattr(page_files, "FOLDER", page)
    assert quiet.get("/page/a.js").status == 404
    assert quiet.get("/page/notes.txt").status == 404
    answer = quiet.get("/page/b.js")
    assert (answer.status, answer.headers["content-type"]) == (
        200,
        "text/javascript; charset=utf-8",
    )


def test_frame_is_asked_for_by_number_and_hash(dataset: Dataset, client: Client, name: str) -> None:
    hashes = client.sequence(name)["hashes"]
    where = f"/api/sequences/{name}/frames"
    path = dataset.frame_dir(SequenceId.parse(name)) / "000007.JPEG"
    answer = client.get(f"{where}/7/{hashes[7]}")
    assert (answer.status, answer.data) == (200, path.read_bytes())
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "image/jpeg"
    for wrong in (f"8/{hashes[7]}", f"7/{hashes[8]}", f"-1/{hashes[-1]}", f"40/{hashes[0]}",
                  f"7/{hashes[7][:8]}", f"٧/{hashes[7]}", f"{10**30}/{hashes[7]}"):  # fmt: skip
        assert client.get(f"{where}/{quote(wrong)}").status == 404, wrong
    path.write_bytes(path.with_name("000008.JPEG").read_bytes())
    answer = client.get(f"{where}/7/{hashes[7]}")
    assert (answer.status, answer.kind) == (409, "frame_changed")
    assert "000007.JPEG: is another picture" in answer.message
    path.unlink()
    assert client.get(f"{where}/7/{hashes[7]}").kind == "data"


@pytest.mark.parametrize(
    "path", ["/", "/page/index.html", "/api/dataset", "/api/queue", "/nothing"]
)
def test_every_answer_forbids_what_is_foreign(quiet: Client, path: str) -> None:
    headers = quiet.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control-")]


def test_refusals_have_the_headers_too(quiet: Client) -> None:
    answer = quiet.get("/", {"host": "evil.example"})
    assert answer.status == 403
    assert "content-security-policy" in answer.headers


PATHS = ["/", "/page/index.html", "/api/dataset", "/api/queue", "/api/sequences/x/events"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}, {"cookie": "token=wrong"},
     {"cookie": "tirdata_review_{port}=wrong"}, {"cookie": "a=\x7f;;=;"},
     {"authorization": "Bearer "}],
)  # fmt: skip
def test_nothing_is_answered_without_the_token(
    guarded: Client, path: str, headers: dict[str, str]
) -> None:
    given = {name: value.format(port=guarded.port) for name, value in headers.items()}
    answer = guarded.get(path, given)
    assert (answer.status, answer.kind) == (401, "token")
    assert TOKEN not in str(answer.headers) + answer.message


def test_token_in_the_printed_address_becomes_a_cookie(guarded: Client) -> None:
    answer = guarded.get(f"/?token={TOKEN}", {"cookie": f"tirdata_review_{guarded.port}=old"})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert guarded.get("/", {"cookie": cookie.partition(";")[0]}).status == 200
    assert guarded.get("/?token=wrong").status == 401
    assert guarded.get(f"/api/dataset?token={TOKEN}").status == 401  # only the page itself


def test_token_as_bearer(guarded: Client) -> None:
    assert guarded.get("/api/dataset", {"authorization": f"Bearer {TOKEN}"}).status == 200
    assert guarded.get("/api/dataset", {"authorization": f"bearer {TOKEN}"}).status == 200


def test_other_addresses_are_ours_only_beyond_this_machine() -> None:
    assert not Rules(80).known_host("192.0.2.7:80")
    assert Rules(80, frozenset(), "x", local=False).known_host("192.0.2.7:80")
    assert Rules(80, frozenset({"box.lan"}), "x", local=False).known_host("box.lan")
    assert not Rules(80, frozenset({"box.lan"}), "x", local=False).known_host("other.lan")
    assert not Rules(80).known_host("localhost:99999999")


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("192.0.2.7", False), ("box.lan", False),  # noqa: S104
     ("", False)],
)  # fmt: skip
def test_which_addresses_need_no_token(host: str, local: bool) -> None:
    assert is_local(host) is local


def test_tokens_are_long_and_differ() -> None:
    assert len(new_token()) >= 40
    assert new_token() != new_token()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_not_there(quiet: Client, method: str) -> None:
    assert quiet.ask(method, "/api/dataset").status == 404
