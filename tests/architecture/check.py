#!/usr/bin/python3
"""Checks a source tree against rules.py. Usage: check.py RULE ROOT; prints `file:line: what` and ends with 1 when broken."""
import re
import sys
from pathlib import Path

import rules

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
CMAKE_COMMAND = re.compile(r"\b(chancery_module|add_executable|target_link_libraries)\s*\(([^)]*)\)")
TYPE_NAME = re.compile(r"\s*(?:template\s*<.*>\s*)?(?:class|struct|enum(?:\s+(?:class|struct))?|using)\s+([A-Z]\w*)")
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|time\.sleep)\b|(?<![\w.])sleep\s*\(")
MACHINE_PATH = re.compile(r"(?<![\w.$}~*-])/(?:work|home|root|Users)/[\w.]")
TEXT_SUFFIXES = {".cpp", ".hpp", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".yaml", ".yml", ".service", ""}


def files_of(root):
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and not rules.SKIPPED_FOLDERS.intersection(relative.parts):
            yield relative


def lines_of(root, path):
    try:
        return (root / path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []  # test vectors in binary form


def sources(root):
    return [p for p in files_of(root) if p.parts[0] in rules.SOURCE_FOLDERS and p.suffix in rules.SOURCE_SUFFIXES]


def module_of(path):
    text = str(path)
    fitting = [m for m in rules.MAY_INCLUDE if text.startswith(m + "/")]
    return max(fitting, key=len) if fitting else None


def includes(root):
    for path in sources(root):
        module = module_of(path)
        if module is None:
            yield f"{path}:1: belongs to no module of tests/architecture/rules.py"
            continue
        for number, line in enumerate(lines_of(root, path), 1):
            found = INCLUDE.match(line)
            if found is None:
                continue
            form, target = found.groups()
            ours = module_of(Path(target)) if target.split("/")[0] in rules.SOURCE_FOLDERS else None
            if ours is not None and ours != module and ours not in rules.MAY_INCLUDE[module]:
                yield f"{path}:{number}: {module} must not include {ours} ({target})"
            if form == '"' and ours is None:
                yield f'{path}:{number}: include from the root of the tree, "{target}" is not'


def may_have(path, places):
    return any(f"{path}/".startswith(place + "/") for place in places)


def foreign_headers(root):
    for path in sources(root):
        for number, line in enumerate(lines_of(root, path), 1):
            found = INCLUDE.match(line)
            for start, places in rules.FOREIGN.items():
                if found and found.group(2).startswith(start) and not may_have(path, places):
                    yield f"{path}:{number}: <{found.group(2)}> belongs in {', '.join(places) or 'no file'}"


def cmake_commands(root):
    """(path, line, command, words) of every command that makes a target of ours or links one."""
    for path in files_of(root):
        if path.parts[0] in rules.SOURCE_FOLDERS and path.name == "CMakeLists.txt":
            text = re.sub(r"#.*", "", "\n".join(lines_of(root, path)))
            for found in CMAKE_COMMAND.finditer(text):
                yield path, text.count("\n", 0, found.start()) + 1, found.group(1), found.group(2).split()


def links(root):
    """A target links what its folder may include, and a library where its headers may be."""
    commands = list(cmake_commands(root))
    folder_of = {words[0]: path.parent for path, _, command, words in commands if command != "target_link_libraries"}
    for path, number, command, words in commands:
        folder, module = path.parent, module_of(path)
        if command == "add_executable":
            continue
        for name in words[1:]:
            library = next((header for start, header in rules.LIBRARY_HEADERS.items() if name.startswith(start)), None)
            if name in {"LINKS", "PUBLIC", "PRIVATE", "INTERFACE"} or name in rules.ANYBODY_LINKS:
                continue
            if name in folder_of:
                target = module_of(folder_of[name] / "CMakeLists.txt")
                if target != module and target not in rules.MAY_INCLUDE[module]:
                    yield f"{path}:{number}: {words[0]} must not link {name}: {module} must not include {target}"
            elif library is None:
                yield f"{path}:{number}: {words[0]} links {name}, which is no module and no library of rules.py"
            elif not may_have(folder, rules.FOREIGN[library]) and not any(
                    may_have(p, [str(folder)]) for p in rules.FOREIGN[library]):
                yield f"{path}:{number}: {words[0]} must not link {name}: its headers belong elsewhere"


def coroutines(root):
    for path in sources(root):
        if any(str(path).startswith(folder + "/") for folder in rules.COROUTINES_IN):
            continue
        for number, line in enumerate(lines_of(root, path), 1):
            if re.search(r"\bco_(await|return|yield)\b", line.split("//")[0]):
                yield f"{path}:{number}: coroutines live in {', '.join(rules.COROUTINES_IN)} only"


def file_size(root):
    for path in files_of(root):
        is_script = path.parts[0] in {"scripts", ".ci"}
        if path.suffix in {".cpp", ".hpp", ".py", ".sh"} or is_script:
            count = len(lines_of(root, path))
            if count > rules.MAX_LINES:
                yield f"{path}:{count}: more than {rules.MAX_LINES} lines"


def names(root):
    for path in files_of(root):
        if path.suffix not in {".cpp", ".hpp", ".py", ".sh"}:
            continue
        banned = rules.BANNED_NAME_PARTS.intersection(re.split(r"[_\-.]", path.stem.lower()))
        if banned:
            yield f"{path}:1: '{banned.pop()}' says nothing: name the file after what it does"
        if path.suffix in rules.SOURCE_SUFFIXES and not re.fullmatch(r"[a-z0-9_]+", path.stem):
            yield f"{path}:1: file names are snake_case"
        for number, line in enumerate(lines_of(root, path), 1):
            found = TYPE_NAME.match(line)
            if found and re.findall(r"[A-Z][a-z0-9]*", found[1])[-1].lower() in rules.BANNED_NAME_PARTS:
                yield f"{path}:{number}: {found[1]} says nothing with its last word: name the type after what it is"


def sleeps(root):
    for path in files_of(root):
        if path.parts[0] != "tests" or path.parts[1] == "architecture" or str(path) in rules.MAY_SLEEP:
            continue
        for number, line in enumerate(lines_of(root, path), 1):
            if SLEEP.search(line.split("//")[0].split("#")[0]):
                yield f"{path}:{number}: tests do not sleep: use a fake clock or wait for an event"


def machine_paths(root):
    for path in files_of(root):
        if path.suffix not in TEXT_SUFFIXES or path.parts[:2] == ("tests", "architecture"):
            continue
        for number, line in enumerate(lines_of(root, path), 1):
            if MACHINE_PATH.search(line):
                yield f"{path}:{number}: a path of one machine"


def readme_commands(root):
    """What the README tells to run is there: scripts, verbs of `chancery` (one file each), linked files."""
    if not (root / "README.md").exists():
        yield "README.md:1: is missing"
        return
    for number, line in enumerate(lines_of(root, Path("README.md")), 1):
        for script in re.findall(r"(?<![\w/])(?:\./)?((?:scripts|\.ci)/[\w./-]*\w)", line):
            if not (root / script).exists():
                yield f"README.md:{number}: {script} is not in the tree"
        for noun, verb in re.findall(r"\bchancery (hsm|ca|config) ([a-z][a-z-]*)", line):
            if not (root / f"daemon/cli/{noun}_{verb.replace('-', '_')}.cpp").exists():
                yield f"README.md:{number}: `chancery {noun} {verb}` is no verb"
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line):
            if not (root / target).exists():
                yield f"README.md:{number}: linked file {target} is not in the tree"


RULES = {rule.__name__: rule for rule in
         (includes, foreign_headers, links, coroutines, file_size, names, sleeps, machine_paths, readme_commands)}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in [*RULES, "all"]:
        print(f"usage: check.py all|{'|'.join(RULES)} ROOT", file=sys.stderr)
        return 2
    chosen = RULES.values() if sys.argv[1] == "all" else [RULES[sys.argv[1]]]
    broken = [fault for rule in chosen for fault in rule(Path(sys.argv[2]))]
    print("\n".join(broken) if broken else f"{sys.argv[1]}: the tree holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
