"""Whatever is wrong with the input: one message that names the place, and the right exit code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.e2e import malformed as m
from tests.e2e.malformed import (
    ANSWERS,
    BATTLES,
    CONFIG,
    PROMPTS,
    VERDICT,
    Case,
    answers,
    battles,
    changed,
    config,
    database,
    jsonl,
    parquet,
    prompts,
    template,
    usage,
    verdicts,
)
from tests.support.cli import bound_by_permissions, palestra

if TYPE_CHECKING:
    from pathlib import Path

GOOD_PROMPTS, GOOD_ANSWERS, GOOD_BATTLES = jsonl(*PROMPTS), jsonl(*ANSWERS), jsonl(*BATTLES)
FIRST = BATTLES[0]
CHECK = "check arena.yaml --offline"

CONFIGS = {
    "bad YAML": config(":7", "in what begins on line 6", changed("exact}", "exact")),
    "a tab": config(":6", "spaces, not tabs", changed("  - {label: Judge", "\t- {label: Judge")),
    "text for a number": config(
        ":9: concurrency", "expected a whole number, got 'many'", CONFIG + "concurrency: many\n"
    ),
    "text for a list": config(":1: models", "expected a list, got 'gpt-4o'", "models: gpt-4o\n", CHECK),
    "a number too small": config(":9: seed", "expected at least 0", CONFIG + "seed: -7\n"),
    "an unknown section": config(":7: promts", "did you mean 'prompts'?", changed("prompts:", "promts:")),
    "an unknown key": config(
        ":4: models.1.lable", "did you mean 'label'?", changed("label: Two", "lable: Two")
    ),
    "a key given twice": config(
        ":9: arena", "is given twice, first on line 1", CONFIG + "arena: {}\n", CHECK
    ),
    "a label used twice": config(
        ":4: models.1.label", "'One' is used twice", changed("label: Two", "label: One")
    ),
    "a list at the top": config(":1", "holds a list where a mapping was expected", "- models\n"),
    "an empty config": config("", "is empty", "", CHECK),
    "a binary config": config(":1", "is not UTF-8 text (byte 0xff)", b"\0\1\2\xff"),
    "a Latin-1 config": config(":9", "is not UTF-8 text (byte 0xe9)", CONFIG.encode() + b"# caf\xe9\n"),
    "brackets without end": config(":1", "nested too deeply", "a: " + "[" * 200, CHECK),
    "a tag that runs code": config(
        ":1: arena", "is not allowed", "arena: !!python/object/apply:os.system [ls]", CHECK
    ),
    "a name that is no folder's": config(":1: arena.name", "'a/b' cannot be", changed("trial", "a/b")),
    "a folder for a config": Case("run folder", 3, "folder: ", "is a folder", {"folder": m.a_folder}),
    "a config in a closed folder": Case(
        f"{CHECK.replace('arena', 'closed/arena')}",
        3,
        "closed/arena.yaml: ",
        "permission denied",
        {"closed/arena.yaml": CONFIG, "closed": m.shut},
    ),
    "no such config": Case("check nowhere.yaml", 3, "nowhere.yaml: ", "there is no such file"),
    "a config nobody may read": Case(
        "run arena.yaml", 3, "arena.yaml: ", "permission denied", {"arena.yaml": m.closed(CONFIG)}
    ),
    "a .env that is not UTF-8": Case("run arena.yaml", 3, "{here}/.env: ", "not UTF-8", {".env": b"X=\xff"}),
    "an unknown endpoint type": config(
        ":6: judges.0.endpoint_type",
        "did you mean 'openai'?",
        changed("metric: exact", "endpoint_type: opnai"),
    ),
    "an unknown metric": config(":6: judges.0.metric", "did you mean 'rougeL'?", changed("exact", "rougel")),
    "a judge without a kind": config(":6: judges.0", "a judge needs", changed(", metric: exact", "")),
    "no judge": config(
        ": judges", "a run needs it", changed("judges:\n  - {label: Judge, metric: exact}\n", "")
    ),
    "one model": config(": models", "at least two models", changed(m.TWO, "")),
    "a baseline that is not there": config(
        ":9: schedule.baseline",
        "no model is labelled 'Three'; there are: One, Two",
        CONFIG + "schedule: {kind: baseline, baseline: Three}\n",
    ),
    "an anchor that is not there": config(
        ":9: ranking.anchor",
        "no model is labelled 'Three'",
        CONFIG + "ranking: {anchor: {Three: 1000}}\n",
        CHECK,
    ),
    "a --set of no key": Case("run arena.yaml --set sead=7", 3, "--set: sead: ", "did you mean 'seed'?"),
    "a --set past the end": Case(
        f"{CHECK} --set models.9.label=x", 3, "--set: models.9.label: ", "a position from 0 to 2"
    ),
}

INPUTS = {
    "no prompt file": prompts("", "no such file", None),
    "an empty prompt file": prompts("", "holds no rows", ""),
    "prompts in Latin-1": prompts(
        ":3", "byte 0xe9 at column 15", GOOD_PROMPTS.encode() + b'{"query": "caf\xe9"}'
    ),
    "prompts in UTF-16": prompts(":1", "it looks like UTF-16", GOOD_PROMPTS.encode("utf-16")),
    "a cut-off prompt": prompts(
        ":3", "bad JSON: Expecting ',' delimiter at column 14", GOOD_PROMPTS + '{"query": "x"\n'
    ),
    "a list for a prompt": prompts(":3", "expected an object, found a list", GOOD_PROMPTS + '["x"]\n'),
    "no prompt column": prompts(":1", "no column holds a prompt", '{"qestion": "x"}\n'),
    "a number for a prompt": prompts(
        ":3: query", "the prompt is the number 3", GOOD_PROMPTS + '{"query": 3}\n'
    ),
    "an id for two prompts": prompts(
        ":3", "question_id '1' stands above", GOOD_PROMPTS + jsonl({"id": "1", "query": "x"})
    ),
    "an unknown role": prompts(
        ":1: messages[0]", "did you mean 'user'?", jsonl({"messages": [{"role": "usr", "content": "x"}]})
    ),
    "a field that is not there": prompts(":1", "no column 'qery'", GOOD_PROMPTS, more=", field: qery"),
    "truncated Parquet prompts": prompts("", "not readable as Parquet", parquet(PROMPTS)[:-40], "p.parquet"),
    "truncated gzip": prompts("", "damaged or cut off", m.CUT_OFF, "p.jsonl.gz"),
    "an unclosed quote in a CSV": prompts(":2", "bad CSV", 'query,response\n"x,y\n', "p.csv"),
    "a folder without prompts": prompts("", "holds no data", m.a_folder, "folder"),
    "prompts of an unknown kind": prompts("", ".txt is no kind of file", "x", "p.txt"),
    "prompts nobody may read": prompts("", "no permission to read it", m.closed(GOOD_PROMPTS)),
    "prompts in a closed folder": prompts(
        "", "no permission to read it", m.within_shut(GOOD_PROMPTS), "shut/p.jsonl"
    ),
    "no recorded answers": answers("", "no such file", None),
    "an answer that is no JSON": answers(":5", "bad JSON", GOOD_ANSWERS + "answer\n"),
    "an answer to nothing": answers(":1", "says what is answered", jsonl({"model": "One", "response": "x"})),
    "a number for an answer": answers(
        ":1: response", "expected a text", jsonl({"question_id": "1", "model": "One", "response": 3})
    ),
    "answers of another model": answers(
        ": model", "did you mean 'Ones'?", GOOD_ANSWERS.replace("One", "Ones")
    ),
    "an unknown winner in verdicts": verdicts(
        ":2: winner",
        "unknown winner 'left'",
        jsonl(VERDICT, VERDICT | {"question_id": "2", "winner": "left"}),
    ),
    "a verdict on one model": verdicts(
        ":1: model_b", "missing", jsonl({"question_id": "1", "model_a": "One"})
    ),
    "verdicts that contradict": verdicts(
        ":2", "than line 1", jsonl(VERDICT | {"repeat": 0}, VERDICT | {"repeat": 0, "winner": "tie"})
    ),
    "no recorded verdicts": verdicts("", "no such file", None),
    "a template without an answer": template("", "does not show answer_b", "{{ answer_a }}: who wins?\n"),
    "a template that is none": template(":2", "this is no template", "{{ answer_a }}\n{{ answer_b }\n"),
    "no template": template("", "cannot read the template", None),
}

RANKED = {
    "an unknown winner": battles(
        ":3: winner", "unknown winner 'left'", jsonl(*BATTLES, FIRST | {"winner": "left"})
    ),
    "an unknown winner for Elo": battles(
        ":3: winner",
        "unknown winner 'left'",
        jsonl(*BATTLES, FIRST | {"winner": "left"}),
        more=" --method elo",
    ),
    "a winner in another case": battles(
        ":1: winner", "unknown winner 'Tie'", jsonl(FIRST | {"winner": "Tie"})
    ),
    "a row without model_b": battles(
        ":3: model_b", "has no `model_b`", GOOD_BATTLES + '{"model_a": "One"}\n'
    ),
    "a cut-off battle": battles(":3", "bad JSON", GOOD_BATTLES + '{"model_a": "One", \n'),
    "battles in Latin-1": battles(":3", "byte 0xe9", GOOD_BATTLES.encode() + b'{"model_a": "On\xe9"}\n'),
    "a negative weight": battles(":1: weight", "not -1", jsonl(FIRST | {"weight": -1})),
    "a share above 1": battles(
        ":1: pref", "between 0 and 1, not 7", jsonl(FIRST | {"pref": 7}), more=" --labels soft"
    ),
    "no battles file": battles("", "No such file", None),
    "an empty battles file": battles("", "is empty", ""),
    "nothing but NUL bytes": battles(":1", "bad JSON", b"\0\0\0\n"),
    "a folder that is no run": battles("", "without battles.jsonl", m.a_folder, "folder"),
    "truncated Parquet battles": battles("", "not a sound Parquet file", parquet(BATTLES)[:-30], "b.parquet"),
    "Parquet without a column": battles(
        "", "no column 'winner'", parquet([{"model_a": "x", "model_b": "y"}]), "b.parquet"
    ),
    "an unknown winner in Parquet": battles(
        ":2: winner", "unknown winner 'left'", parquet([FIRST, FIRST | {"winner": "left"}]), "b.parquet"
    ),
    "a misspelt CSV column": battles(
        "", "did you mean 'winer'?", "model_a,model_b,winer\nx,y,tie\n", "b.csv"
    ),
    "a short CSV row": battles(":3", "2 cells", "model_a,model_b,winner\nx,y,tie\nx,y\n", "b.csv"),
    "battles nobody may read": battles("", "Permission denied", m.closed(GOOD_BATTLES)),
    "battles in a closed folder": battles(
        "", "Permission denied", m.within_shut(GOOD_BATTLES), "shut/b.jsonl"
    ),
    "the report of no run": Case(
        "report folder", 4, "folder/config.yaml: ", "no such file", {"folder": m.a_folder}
    ),
    "the report of a file": Case("report battles.jsonl", 4, "battles.jsonl: ", "not a folder"),
    "the report of a closed folder": Case("report closed", 4, "closed", "ermission", {"closed": m.shut}),
    "the report of nothing": Case("report nowhere", 4, "nowhere: ", "no such folder"),
}

OTHERS = {
    "a filter over no column": usage("rank battles.jsonl --filter langage='en'", "filter: ", "'language'?"),
    "a filter that is none": usage("rank battles.jsonl --filter model_a=", "filter: ", "not a condition"),
    "an anchor of no model": usage("rank battles.jsonl --anchor Tow=1000", "the anchor 'Tow'", "'Two'?"),
    "an anchor without a rating": usage("rank battles.jsonl --anchor Two", "--anchor: ", "as in --anchor"),
    "a level of 95": usage("rank battles.jsonl --level 95", "a level of 95", "between 0 and 1"),
    "an unknown --by": usage("rank battles.jsonl --by lang", "Invalid value for '--by'", "'language'"),
    "an unknown --method": usage("rank battles.jsonl --method elho", "Invalid value for '--method'", "'elo'"),
    "an unknown option": usage("rank battles.jsonl --methd elo", "No such option: --methd", "--method"),
    "an unknown command": usage("rnak battles.jsonl", "No such command 'rnak'", "Did you mean 'rank'?"),
    "nothing to run": usage("run", "there is nothing to run", "palestra init"),
    "an unknown --model": usage(
        "run arena.yaml --model opnai:x", "--model opnai:x: ", "did you mean 'openai'?"
    ),
    "a --set without a value": usage("run arena.yaml --set seed", "--set seed: ", "key=value"),
    "an init over a config": usage("init arena.yaml", "arena.yaml: ", "--force overwrites it"),
    "an init in no folder": usage("init no/arena.yaml", "no/arena.yaml: ", "cannot be written"),
    "an init in a closed folder": Case(
        "init shut/arena.yaml", 2, "shut/arena.yaml: ", "Permission denied", {"shut/x": m.within_shut("")}
    ),
    "a key that cannot be sent": Case(
        "run arena.yaml",
        5,
        "Judge: the API key in OPENAI_API_KEY",
        "no key can hold",
        {"arena.yaml": m.WITHOUT_KEY, ".env": 'OPENAI_API_KEY="sk-\u2011canary"\n'},
    ),
    "no key": Case(
        "run arena.yaml", 5, "Judge: no API key: ", "OPENAI_API_KEY is not set", {"arena.yaml": m.WITHOUT_KEY}
    ),
    "a text for a database": database(
        "", "sqlite:///{here}/palestra.db: ", "not a database", {"palestra.db": "x" * 999}
    ),
    "a newer database": database(
        "", "sqlite:///{here}/palestra.db: ", "of schema 9999", {"palestra.db": m.newer_database}
    ),
    "a database in no folder": database(" --db no/a.db", "{here}/no/a.db: ", "does not exist"),
    "a database of another kind": database(" --db mysql://h/x", "a mysql database", "postgresql://"),
    "a database in a closed folder": database(
        " --db closed/a.db", "sqlite:///{here}/closed/a.db: ", "cannot open", {"closed": m.closed_folder}
    ),
}
CASES = {**CONFIGS, **INPUTS, **RANKED, **OTHERS}


@pytest.mark.parametrize("arguments", ["run arena.yaml", CHECK, "rank battles.jsonl", "report runs/trial"])
def test_the_arena_that_the_cases_spoil_works(arguments: str, tmp_path: Path) -> None:
    m.lay_out(tmp_path, {})
    if arguments.startswith("report"):
        palestra("run", "arena.yaml", "-q", cwd=tmp_path)
    palestra(*arguments.split(), cwd=tmp_path)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_one_message_names_the_place(case: Case, tmp_path: Path) -> None:
    m.lay_out(tmp_path, case.files)
    before = _contents(tmp_path)
    done = palestra(
        *case.arguments.split(), cwd=tmp_path, code=case.code, timeout=30, through=bound_by_permissions()
    )
    assert done.stderr.startswith("Error: " + case.place.format(here=tmp_path)), done.stderr
    assert case.says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(re.findall(r"^(?:Error|Warning): ", done.stderr, re.MULTILINE)) == 1, done.stderr
    assert len(done.stderr) < 1000
    assert done.stdout == ""
    assert _contents(tmp_path) == before, "a command that cannot start leaves nothing behind"


def _contents(folder: Path) -> dict[str, bytes | None]:
    """Every path with its bytes; of what nobody may read, only that it is there."""
    found: dict[str, bytes | None] = {}
    for path in folder.rglob("*"):
        readable = path.is_file() and path.stat().st_mode & 0o400
        found[str(path.relative_to(folder))] = path.read_bytes() if readable else None
    return found
