"""Every address is named in `tests/rules/access.yaml`, which says whom it is for; what is planned is not there yet."""

from tests.house.test_doors import doors
from tests.matrix import MATRIX


def test_every_address_is_in_the_matrix(app):
    there = {f"{method} {path}" for method, path, _ in doors(app)}
    assert there - set(MATRIX["routes"]) == set(), "say in access.yaml whom they are for, with their cells"
    assert set(MATRIX["routes"]) - there == set(), "these are gone"
    assert not there & set(MATRIX["planned"]), "built by now: move them to `routes`, with their cells"


def test_every_act_has_its_addresses():
    needed = {told["case"] for told in MATRIX["routes"].values() if "case" in told}
    # To say that one has a conflict, and that somebody else has, is one address.
    assert needed - {"view", "papers", "words", "looks"} == set(MATRIX["acts"]) - {"name_conflict"}
    done = {act for acts in MATRIX["does"].values() for act in acts} - set(MATRIX["does"])
    assert done == set(MATRIX["acts"]), "somebody does each of them"


def test_every_act_of_the_hr_room_has_its_addresses():
    needed = {told["room"] for told in MATRIX["routes"].values() if "room" in told}
    assert needed == set(MATRIX["rooms"]["acts"])
    told = MATRIX["rooms"]["sees"].values()
    assert {act for each in told for act in (*each["does"], *each.get("at_appeal", ()))} == needed
