"""Every act of the matrix (`tests/rules/access.yaml`), tried by everybody: done, refused, or not there for them."""

import re

import pytest

from tests.makers import APOLOGY, at, faults, picture, press, put_right, report, upload
from tests.matrix import MAKES, MATRIX, OWN, Cells, asked, concern, does, edit_manager, newcomer, relations

CASES = sorted(MATRIX["cases"])
ON_PAGES = ("mistake", "confidential", "advice")
"""One of each kind is tried by forms as well."""
REASON = {"reason": "We looked."}
DEEDS = {
    "take_step": ("POST", "steps/apologise/take", {"public_text": APOLOGY}),
    "cannot": ("POST", "steps/delete/cannot", {"reason": "lost_access"}),
    "change_facts": ("PATCH", "", {"narrative": "More of it."}),
    "add_evidence": ("POST", "evidence", {}),
    "message": ("POST", "messages", {"text": "A word"}),
    "withdraw": ("POST", "withdraw", REASON),
    "say_same": ("POST", "same", {"as": "SM-2020-000000"}),
    "acknowledge": ("POST", "acknowledge", {}),
    "note": ("POST", "notes", {"text": "A word", "audience": "digital_unit"}),
    "triage": ("POST", "triage", {}),
    "ask": ("POST", "ask", {"steps": ["delete"], "of": "services@demo.example", **REASON}),
    "assign": ("POST", "assign", {"person": "digital@demo.example"}),
    "name_manager": ("POST", "manager", {"email": "head@demo.example"}),
    "exposure": ("POST", "exposure", {"reach": 7}),
    "verify": ("POST", "steps/delete/verify", {}),
    "waive": ("POST", "steps/delete/waive", REASON),
    "release": ("POST", "steps/apologise/release", {}),
    "open": ("POST", "open", REASON),
    "purge": ("POST", "purge", {"fields": ["account.handle"], **REASON}),
    "send": ("POST", "send", {"desk": "hr", **REASON}),
    "advise": ("POST", "advice", {"text": "Use two devices."}),
    "decide_referral": ("POST", "referral-decision", {"refer": False, **REASON}),
    "protection_decision": ("POST", "protection-decision", {"question": "affected", "tell": True, **REASON}),
    "have_conflict": ("POST", "conflict", {"person": "admin@demo.example", **REASON}),
    "name_conflict": ("POST", "conflict", {"person": "admin@demo.example", **REASON}),
    "merge": ("POST", "merge", {"into": "SM-2020-000000"}),
    "close": ("POST", "close", {"resolution": "no_further_action"}),
    "reopen": ("POST", "reopen", REASON),
    "disclose": ("POST", "disclose", {"facts": ["account.platform"]}),
    "reveal": ("POST", "reveal", REASON),
}
STAYS = {
    "lead_of_hr_desk": "hr",
    "member_of_hr_desk": "hr",
    "media_office": "media_office",
    "fco_services": "fco_services",
    "line_manager": "line_manager",
}


def tried(who, case, act, body=None):
    """A deed through the API; its status and what it said."""
    method, path, plain = DEEDS[act]
    if act == "add_evidence":
        return upload(who, case, picture())
    return who.request(method, f"{at(case)}/{path}".rstrip("/"), json=plain if body is None else body)


def tried_on_the_page(page, case, act):
    """The same by a form."""
    _, path, body = DEEDS[act]
    return page.fill_in(f"/cases/{case['reference']}/{path or 'facts'}", body)


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_theirs_to_do_is_refused(name, token, sign_in, database):
    case, cells = MAKES[name](token, database), Cells()
    everybody = {relation: (told["who"], 403, does(told)) for relation, told in relations(name).items()}
    unseen = MATRIX["cases"][name]["unseen"].items()
    everybody |= {relation: (person, 404, frozenset[str]()) for relation, person in unseen}
    for relation, (person, status, may) in everybody.items():
        who, page, reader = token(person), sign_in(person), token(person, "read")
        for act in MATRIX["acts"]:
            if act in may:
                cells.same(tried(reader, case, act).status_code, status, relation, act, "with a token that only reads")
            if act not in may or act in MATRIX["on_pages_only"]:
                cells.same(tried(who, case, act).status_code, status, relation, act)
                if name in ON_PAGES and act not in may:
                    cells.same(tried_on_the_page(page, case, act).status_code, status, relation, act, "on the page")
        if status == 403:
            cells.same(reader.get(at(case)).json()["may"], ["view"], relation, "offered to a token that only reads")
    assert not cells.wrong, cells.told()
    assert faults(database) == []


class Copy:
    """A case of the matrix's kind in which one act of one relation can be done, and who is to do it."""

    def __init__(self, name, relation, act, token, database) -> None:
        self.token, self.database, self.act, self.relation = token, database, act, relation
        told = relations(name)
        self.who, self.body = told[relation]["who"], None
        holders = [each["who"] for each in told.values() if "triage" in does(each)]
        self.desk = token((holders or ["digital"])[0])
        self.case = getattr(self, name)()
        self.prepare()

    def facts(self):
        """What is told, so that the act has something to act on."""
        guarded = "unsure" if self.act in ("release", "open", "purge") else "no"
        codes = ["disrepute"] if self.act == "decide_referral" else ["copyright"]
        data = "yes" if self.relation == "data_protection" else "no"
        return {"safety_risk": guarded, "codes": codes, "personal_data": data}

    def mistake(self, by="staff", **facts):
        if self.act == "name_manager":
            edit_manager(self.database, by, None)
        self.own = self.token(by)
        told = {**self.facts(), **facts}
        if self.act in ("say_same", "merge"):
            self.body = {"as" if self.act == "say_same" else "into": report(self.own, **told)["reference"]}
        case = report(self.own, **told)
        if self.act == "name_manager":
            edit_manager(self.database, by, "manager")
        return case

    def held_by_fco_services(self):
        return self.mistake("services", account=OWN)

    def held_by_alternate(self):
        newcomer(self.database, joins=False)
        case = self.mistake()
        others = [case]
        if self.act == "merge":
            others.append({"reference": self.body["into"]})
        for one in others:
            for name in ("digital2", "digital"):
                press(self.token("digital"), one, "conflict", person=f"{name}@demo.example", reason="Theirs.")
        newcomer(self.database)
        return case

    def conflicted(self):
        return self.mistake()

    def concern(self, **facts):
        self.own = self.token("staff")
        if self.act == "merge":
            self.body = {"into": concern(self.own, **self.facts(), **facts)["reference"]}
        case = concern(self.own, **self.facts(), **facts)
        if self.relation == "asked" or self.act in ("verify", "waive", "release"):
            told = {"ask_for": ["delete", "apologise"], "ask_of": "services@demo.example"}
            press(self.desk, case, "triage", **told)
        return case

    def confidential(self):
        case = self.concern(confidential=True)
        if self.relation == "line_manager":
            press(self.desk, case, "conflict", person="manager@demo.example", reason="A cousin.")
        return case

    def disclosed(self):
        case = self.concern(confidential=True)
        press(self.desk, case, "disclose", facts=["account.type"])
        return case

    def advice(self):
        self.own = self.token("staff")
        if self.act in ("say_same", "merge"):
            field = "as" if self.act == "say_same" else "into"
            self.body = {field: asked(self.own, **self.facts())["reference"]}
        return asked(self.own, **self.facts())

    def prepare(self):
        """What has to have happened before the act."""
        kind, case = self.case["kind"], self.case
        there = {route["desk"] for route in self.desk.get(at(case)).json()["routes"] if not route["ended_at"]}
        stay = STAYS.get(self.relation)
        if stay and stay not in there:
            press(self.desk, case, "send", desk=stay, reason="Look at this.")
        if self.act == "verify" and kind != "advice":
            doer = self.own if kind == "mistake" else self.token("services")
            press(doer, case, "steps/delete/take")
        if self.act == "decide_referral" and kind != "advice":
            press(self.desk, case, "triage")
        if self.act in ("close", "reopen"):
            if kind == "mistake":
                put_right(self.own, self.desk, case)
            elif kind == "concern":
                press(self.desk, case, "triage")
            else:
                press(self.desk, case, "advice", text="Wait.")
        if self.act == "reopen":
            press(self.desk, case, "close", resolution="no_further_action")
        if self.act == "have_conflict":
            self.body = {"person": f"{self.who}@demo.example", **REASON}
        if self.act == "name_conflict" and self.relation == "lead_of_hr_desk":
            self.body = {"person": "hr2@demo.example", **REASON}
        if self.act == "assign":
            self.body = {"person": self.desk.get("/api/me").json()["email"]}


@pytest.mark.parametrize("name", CASES)
def test_what_is_theirs_to_do_is_done(name, token, sign_in, database):
    cells = Cells()
    for relation, told in relations(name).items():
        if "same_as" in told and "does" not in MATRIX["cases"][name]["sees"][relation]:
            continue
        for act in sorted(does(told)):
            copy = Copy(name, relation, act, token, database)
            who = token(copy.who)
            seen = who.get(at(copy.case))
            assert seen.status_code == 200, (relation, act)
            offered = act in seen.json()["may"]
            if act in MATRIX["on_pages_only"]:
                page = sign_in(copy.who)
                offered = f'/{act}"' in page.get(f"/cases/{copy.case['reference']}").text
                done = tried_on_the_page(page, copy.case, act)
            else:
                done = tried(who, copy.case, act, copy.body)
            never = {**MATRIX["not_of"][copy.case["kind"]], **told.get("not_of", {})}
            if act == "reveal" and copy.case["kind"] == "concern" and not copy.case["confidential"]:
                never = {"reveal": 409}
            wanted = (False, never[act]) if act in never else (True, 200)
            made = 200 if done.status_code in (201, 303) else done.status_code
            cells.same((offered, made), wanted, relation, act, done.text[:200] if made != 200 else "")
    assert not cells.wrong, cells.told()
    assert faults(database) == []


@pytest.mark.parametrize("name", ["mistake", "concern"])
def test_what_is_closed_stays_as_it_is(name, token, database):
    cells, copy = Cells(), Copy(name, "reporter" if name == "mistake" else "raiser", "reopen", token, database)
    for relation, told in relations(name).items():
        who, may = token(told["who"]), does(told)
        if who.get(at(copy.case)).status_code == 404:
            continue
        for act in MATRIX["closed_to"]:
            if act in may and not (name == "concern" and act in ("verify", "waive")):
                done = tried(who, copy.case, act)
                cells.same((act in who.get(at(copy.case)).json()["may"], done.status_code), (False, 409), relation, act)
    assert not cells.wrong, cells.told()
    assert faults(database) == []


def test_who_opens_which_address(token, sign_in, browser):
    cells, stranger = Cells(), browser()
    report(token("staff"))
    stranger.get("/sign-in")
    groups = MATRIX["people"]
    pages = {name: sign_in(name) for name in groups["all"]}
    programs = {name: token(name) for name in groups["all"]}
    for address, told in MATRIX["routes"].items():
        method, path = address.split()
        if "for" not in told or told.get("elsewhere"):
            continue
        api = path.startswith("/api/") or path == "/metrics"
        few = told["for"] in ("anyone", "signed_in")
        for name in ("anonymous", *(groups["signed_in"] if few else groups["all"])):
            by = stranger if name == "anonymous" else (programs if api else pages)[name]
            sent = {"json": told.get("with", {})} if api else {"data": {"csrf": by.csrf, **told.get("with", {})}}
            answer = by.request(method, re.sub(r"{\w+}", "x", path), **(sent if method != "GET" else {}))
            found = 200 if answer.status_code in (200, 201, 204) else answer.status_code
            if told["for"] == "anyone" or name in groups[told["for"]]:
                wanted = told.get("answers", 200)
                found = 200 if found == 303 else found
            elif name == "anonymous":
                wanted = 401 if api or method != "GET" else 303
            else:
                wanted = told.get("others", 403)
            cells.same(found, wanted, address, name)
    assert not cells.wrong, cells.told()
