"""A case's PDF against bare WeasyPrint on the same document, again from the store, and beside the queue."""

import io
import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter

import httpx
import pytest
from PIL import Image, ImageDraw
from pypdf import PdfReader
from sqlalchemy import select
from sqlmodel import col

from service.core.clock import now
from service.core.database import open_database
from service.core.storage import open_store
from service.documents.pool import Pool
from service.records.cases import Case
from service.web.summaries import paper
from tests.bench import crowded
from tests.bench.conftest import Place
from tests.bench.load import load
from tests.bench.running import ROOT, floors, service
from tests.bench.table import Table

pytestmark = pytest.mark.bench
ROUNDS = 7

# Bare WeasyPrint in a process of its own, warm as the pool's workers are: reads a document, says how long each took.
BARE = """
import json, pickle, sys
from time import perf_counter
from service.documents import render
from weasyprint import CSS, HTML
document = pickle.load(open(sys.argv[1], "rb"))
html = render.page_of(document)
rules = (render.TEMPLATES / document["template"]).with_suffix(".css").read_text()
style = CSS(string=rules, font_config=render._fonts())
def make():
    begun = perf_counter()
    page = HTML(string=html, url_fetcher=render.OwnPictures(document["pictures"]))
    page.write_pdf(stylesheets=[style], font_config=render._fonts(), pdf_variant="pdf/ua-1")
    return perf_counter() - begun
make()
for line in sys.stdin:
    print(json.dumps(make()), flush=True)
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Place]:
    """A copy of the thousand cases with two pictures in one that has gone far."""
    path = tmp_path / "own.db"
    shutil.copyfile(crowded.few(), path)
    with service(crowded.settings(path)) as amends, floors(path) as floor:
        yield Place(path, amends, floor)


def picture(shade: int) -> bytes:
    """What a phone makes of a screen."""
    made = Image.effect_noise((1080, 1600), 24).convert("RGB")
    ImageDraw.Draw(made).rectangle((90, 300, 990, 900), fill=(shade, 120, 184))
    kept = io.BytesIO()
    made.save(kept, "JPEG", quality=85)
    return kept.getvalue()


def typical(place: Place) -> str:
    """The demonstration's hacked account: in hand, at three desks, and now with two pictures of a screen."""
    database = open_database(f"sqlite:///{place.path}", pool=1)
    with database.read() as db:
        hacked = select(Case).where(col(Case.not_manager).is_(False), col(Case.copies) == 130)
        reference = db.execute(hacked).scalars().one().reference
    database.close()
    headers = {"Authorization": place.token("staff")["Authorization"]}
    for shade in (29, 160):
        sent = httpx.post(
            f"http://127.0.0.1:{place.amends.port}/api/cases/{reference}/evidence",
            headers=headers,
            files={"file": (f"screen {shade}.jpg", picture(shade))},
            timeout=30,
        )
        assert sent.status_code == 201, sent.text
    return reference


def document_of(place: Place, reference: str) -> dict:
    """What the pool is given for the digital unit's copy."""
    database = open_database(f"sqlite:///{place.path}", pool=1)
    with database.read() as db:
        case = db.execute(select(Case).where(col(Case.reference) == reference)).scalar_one()
        store = open_store(crowded.settings(place.path).evidence_url)
        made = paper(db, store, case, "digital_unit", made_by="Digital unit lead", at=now())
    database.close()
    return dict(made.document)


def test_a_pdf(own: Place, table: Table, tmp_path: Path):
    reference = typical(own)
    document = document_of(own, reference)
    (tmp_path / "document").write_bytes(pickle.dumps(document))
    order = [sys.executable, "-c", BARE, str(tmp_path / "document")]
    bare = subprocess.Popen(order, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with Pool(workers=1) as pool:
        pages = len(PdfReader(io.BytesIO(pool.submit(document).result())).pages)
        ours, alone = [], []
        for _ in range(ROUNDS):
            begun = perf_counter()
            pool.submit(document).result()
            ours.append(perf_counter() - begun)
            bare.stdin.write("\n")
            bare.stdin.flush()
            alone.append(json.loads(bare.stdout.readline()))
    bare.stdin.close()
    bare.wait(30)
    bare.stdout.close()
    table.add(f"PDF of {pages} pages with {len(document['pictures'])} pictures: bare WeasyPrint", median(alone), "s")
    table.add("… by the service's pool", median(ours), "s")
    table.add("… times bare", median(a / b for a, b in zip(ours, alone, strict=True)), "×", at_most=1.3)
    path, headers = f"/cases/{reference}/summary.pdf?audience=digital_unit", own.signed_in("digital")
    again = load(own.amends.port, path, seconds=1, connections=1, headers=headers)
    again = load(own.amends.port, path, seconds=3, connections=1, headers=headers)
    table.add("unchanged PDF again, from the store: median", again.median, "ms", at_most=10, absolute=True)


def test_the_queue_beside_pdfs(own: Place, table: Table):
    headers = own.signed_in("digital")
    database = open_database(f"sqlite:///{own.path}", pool=1)
    with database.read() as db:
        references = list(db.execute(select(Case.reference).order_by(col(Case.id).desc()).limit(400)).scalars())
    database.close()
    stop, made = Event(), []

    def make() -> None:
        with httpx.Client(headers=headers, timeout=60) as client:
            while not stop.is_set():
                path = f"/cases/{references.pop()}/summary.pdf?audience=digital_unit"
                made.append(client.get(f"http://127.0.0.1:{own.amends.port}{path}").status_code)

    def queue() -> float:
        return load(own.amends.port, "/queue", seconds=4, connections=2, headers=headers).p95

    queue()
    quiet = queue()
    makers = [Thread(target=make) for _ in range(2)]
    for maker in makers:
        maker.start()
    while not made:
        stop.wait(0.1)
    busy = queue()
    stop.set()
    for maker in makers:
        maker.join()
    assert set(made) == {200}
    table.add("queue's 95th percentile, quiet", quiet, "ms")
    remark = f"{len(made)} made meanwhile"
    table.add("… while PDFs are made, times the quiet one", busy / quiet, "×", at_most=2, remark=remark)
