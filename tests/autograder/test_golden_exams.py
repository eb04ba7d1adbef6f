"""A class keeps its exam: moving code, renaming it or wording it otherwise draws no other cases.

Pinned is a digest of each assignment's cases for one secret: probes, recipes, words, whole numbers,
shapes. Other numbers are left out, as their last digits may differ from one processor to another.
Whoever changes what a question asks pins anew, and says in the release notes which classes are
graded by another exam from then on.
"""

import hashlib
import json

PINNED = {
    "01_counting": "3c269bdf716986a4",
    "02_loglinear": "d3e3399fa0323043",
    "03_window": "c53dbafd5e339c37",
    "04_recurrent": "44c241867618e64c",
    "05_gradients": "39dcf8a5ac406703",
    "06_clipping": "5341afa2262a1814",
    "07_memory": "4ef1fbef0c047338",
}


def outline(value):
    """Return what was asked, without numbers that are no whole ones."""
    match value:
        case float():
            return "float"
        case {"array": [str(dtype), shape, _]} if "int" not in dtype and dtype != "bool":
            return [dtype, shape]
        case {"scalar": [str(dtype), _]} if "int" not in dtype:
            return dtype
        case dict():
            return {key: outline(part) for key, part in value.items()}
        case list():
            return [outline(part) for part in value]
    return value


def test_the_cases_of_a_secret_are_what_they_were(light_exam):
    asked = {exam.question.name: outline(json.loads(exam.asked)) for exam in light_exam.questions}
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    assert digest[:16] == PINNED[light_exam.material.assignment.name]
