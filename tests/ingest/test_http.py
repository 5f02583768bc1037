"""The client keeps to arXiv's rules, whatever the server does; the replica answers over real HTTP."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ingest.addresses import Addresses, InvalidBaseAddressError
from ingest.arxiv_id import parse
from ingest.http import (
    BodyTooLargeError,
    BrokenBodyError,
    NoContactError,
    PoliteClient,
    RequestRecord,
    TrafficStoppedError,
    UnavailableError,
    UnsafeRedirectError,
)
from ingest.replica.faults import Fault
from ingest.replica.files import redirect
from ingest.replica.server import Replica

Connect = Callable[..., PoliteClient]


@pytest.fixture
def replica(
    arxiv_folder: Callable[..., Path], metadata_line: Callable[..., dict[str, Any]], clock: Any
) -> Iterator[Replica]:
    folder = arxiv_folder(metadata_line("2003.03033"))
    (folder / "html").mkdir()
    (folder / "html" / "2003.03033.html").write_text("<html>paper</html>")
    with Replica(folder, now=clock.now) as replica:
        yield replica


def gaps(replica: Replica) -> list[float]:
    times = [request.at for request in replica.log]
    return [(later - earlier).total_seconds() for earlier, later in pairwise(times)]


def test_three_seconds_lie_between_requests(replica: Replica, connect: Connect) -> None:
    client = connect(replica.url)
    for _ in range(4):
        assert client.get(f"{replica.url}/abs/2003.03033").status == 200
    assert gaps(replica) == [3.0, 3.0, 3.0]


def test_fifteen_seconds_lie_before_pages(replica: Replica, connect: Connect) -> None:
    client = connect(replica.url)
    for _ in range(3):
        client.get(client.addresses.html(parse("2003.03033")))
    assert gaps(replica) == [15.0, 15.0]


def test_clients_of_one_user_share_the_gap(replica: Replica, connect: Connect) -> None:
    clients = [connect(replica.url) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda client=client: [client.get(client.addresses.oai) for _ in range(3)])
        for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replica.log) == 9
    assert min(gaps(replica)) >= 3.0


def test_loopback_has_no_gap_unless_asked(replica: Replica, connect: Connect, clock: Any) -> None:
    client = connect(replica.url, gap_on_loopback=False)
    for _ in range(3):
        client.get(client.addresses.oai)
    assert clock.slept == []


def test_a_clock_set_back_does_not_stop_the_client(replica: Replica, connect: Connect, clock: Any) -> None:
    connect(replica.url).get(f"{replica.url}/oai")
    clock.time -= timedelta(days=1)
    connect(replica.url).get(f"{replica.url}/oai")
    assert max(clock.slept) <= 3.0


def test_a_stop_does_not_grow_when_the_clock_is_set_back(replica: Replica, connect: Connect, clock: Any) -> None:
    replica.faults.add(Fault("status", status=429))
    with pytest.raises(TrafficStoppedError):
        connect(replica.url).get(f"{replica.url}/oai")
    clock.time -= timedelta(days=30)
    with pytest.raises(TrafficStoppedError) as stopped:
        connect(replica.url).get(f"{replica.url}/oai")
    assert stopped.value.until == clock.now() + timedelta(minutes=10)
    clock.time += timedelta(minutes=10)
    assert connect(replica.url).get(f"{replica.url}/oai").status == 200


def test_nothing_is_sent_in_the_hour_after_midnight(replica: Replica, connect: Connect, clock: Any) -> None:
    clock.time = clock.time.replace(hour=23, minute=59, second=58)
    client = connect(replica.url)
    for _ in range(3):
        client.get(f"{replica.url}/oai")
    asked = [request.at for request in replica.log]
    assert [moment.strftime("%H:%M:%S") for moment in asked] == ["23:59:58", "01:00:00", "01:00:03"]
    clock.time = clock.time.replace(hour=0, minute=30) + timedelta(days=1)
    connect(replica.url, gap_on_loopback=False).get(f"{replica.url}/oai")
    assert replica.log[-1].at == clock.now()


def test_the_user_agent_names_a_contact(replica: Replica, connect: Connect, tmp_path: Path) -> None:
    connect(replica.url).get(f"{replica.url}/oai")
    assert all("mailto:tests@example.org" in request.user_agent for request in replica.log)
    with pytest.raises(NoContactError):
        PoliteClient("Secateur", tmp_path)


@pytest.mark.parametrize("status", [429, 406])
def test_a_refusal_stops_all_clients_for_ten_minutes(
    replica: Replica, connect: Connect, clock: Any, status: int
) -> None:
    replica.faults.add(Fault("status", status=status))
    client = connect(replica.url)
    before = clock.now()
    with pytest.raises(TrafficStoppedError, match="try again then") as stopped:
        client.get(client.addresses.oai)
    assert stopped.value.until == before + timedelta(minutes=10)
    other = connect(replica.url)
    clock.time = stopped.value.until - timedelta(seconds=1)
    with pytest.raises(TrafficStoppedError):
        other.get(other.addresses.api)
    assert len(replica.log) == 1
    clock.time = stopped.value.until
    assert other.get(other.addresses.oai).status == 200


def test_a_refusal_may_ask_for_more_than_ten_minutes(replica: Replica, connect: Connect, clock: Any) -> None:
    replica.faults.add(Fault("status", status=429, retry_after="1800"))
    with pytest.raises(TrafficStoppedError) as stopped:
        connect(replica.url).get(f"{replica.url}/oai")
    assert stopped.value.until - clock.now() == timedelta(seconds=1800)


@pytest.mark.parametrize("retry_after", ["40", "Sun, 22 Nov 2026 03:00:40 GMT"])
def test_retry_after_is_obeyed(replica: Replica, connect: Connect, clock: Any, retry_after: str) -> None:
    replica.faults.add(Fault("status", retry_after=retry_after))
    assert connect(replica.url).get(f"{replica.url}/oai").status == 200
    assert gaps(replica) == [40.0]


def test_a_wait_of_hours_is_left_to_the_next_run(replica: Replica, connect: Connect) -> None:
    replica.faults.add(Fault("status", retry_after="7200"))
    with pytest.raises(UnavailableError, match="7200"):
        connect(replica.url).get(f"{replica.url}/oai")
    assert len(replica.log) == 1


def test_back_off_grows_and_ends(replica: Replica, connect: Connect) -> None:
    replica.faults.add(*[Fault("status", retry_after="soon") for _ in range(20)])
    with pytest.raises(UnavailableError, match="status 503"):
        connect(replica.url).get(f"{replica.url}/oai")
    assert len(replica.log) == 6
    for attempt, gap in enumerate(gaps(replica)):
        assert 2.5 * 2**attempt <= gap <= 5.0 * 2**attempt


@pytest.mark.parametrize("fault", [Fault("reset"), Fault("status", status=502), Fault("delay", seconds=1.0)])
def test_broken_ways_are_tried_again(replica: Replica, connect: Connect, fault: Fault) -> None:
    replica.faults.add(fault)
    answer = connect(replica.url, read_timeout=0.3).get(f"{replica.url}/abs/2003.03033")
    assert answer.body.endswith(b"</html>")
    assert len(replica.log) == 2


def test_nobody_at_home_on_loopback_is_told_at_once(tmp_path: Path, connect: Connect, clock: Any) -> None:
    with pytest.raises(UnavailableError, match=r"Connection refused.*is the server running"):
        connect("http://127.0.0.1:9").get("http://127.0.0.1:9/oai")
    assert clock.slept == []


def test_a_body_that_fails_its_check_is_asked_for_again(replica: Replica, connect: Connect) -> None:
    replica.faults.add(Fault("html"))

    def check(body: bytes) -> None:
        if b"maintained" in body:
            raise BrokenBodyError("a web page came")

    assert b"pruning" in connect(replica.url).get(f"{replica.url}/abs/2003.03033", check=check).body.lower()
    assert len(replica.log) == 2


def test_a_body_is_not_read_beyond_its_limit(replica: Replica, connect: Connect) -> None:
    with pytest.raises(BodyTooLargeError, match="100 bytes"):
        connect(replica.url).get(f"{replica.url}/oai", {"verb": "ListSets"}, max_bytes=100)


def test_a_redirect_within_the_server_is_followed(replica: Replica, connect: Connect) -> None:
    answer = connect(replica.url).get(f"{replica.url}/oai2", {"verb": "Identify"})
    assert answer.url == f"{replica.url}/oai?verb=Identify"
    assert b"earliestDatestamp" in answer.body
    assert gaps(replica) == [3.0]


@pytest.mark.parametrize("target", ["http://arxiv.org/abs/1", "https://example.org/", "file:///etc/passwd", ""])
def test_a_redirect_elsewhere_is_not_followed(
    replica: Replica, connect: Connect, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(replica, "reply", lambda *_: redirect(target))
    with pytest.raises(UnsafeRedirectError):
        connect(replica.url).get(f"{replica.url}/oai")
    assert len(replica.log) <= 6


def test_every_request_is_told(replica: Replica, connect: Connect) -> None:
    told: list[RequestRecord] = []
    replica.faults.add(Fault("status"), Fault("reset"))
    connect(replica.url, on_request=told.append).get(f"{replica.url}/abs/2003.03033")
    assert [record.status for record in told] == [503, None, 200]
    assert told[1].error
    assert told[2].bytes > 100
    assert [record.at for record in told] == [request.at for request in replica.log]


def test_addresses_are_arxivs_own_or_the_bases() -> None:
    own, other = Addresses(), Addresses("http://127.0.0.1:8000/")
    paper = parse("hep-th/9901002v1")
    assert own.oai == "https://oaipmh.arxiv.org/oai"
    assert own.source(paper) == "https://export.arxiv.org/src/hep-th/9901002v1"
    assert own.allows("https://export.arxiv.org/x")
    assert not own.allows("https://arxiv.org.example.org/x")
    assert not own.allows("http://arxiv.org/x")
    assert not own.on_loopback
    assert other.source(paper) == "http://127.0.0.1:8000/src/hep-th/9901002v1"
    assert other.on_loopback
    with pytest.raises(InvalidBaseAddressError):
        Addresses("arxiv.org")
