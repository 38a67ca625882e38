"""Which room may include which, and which room owns which outside library: docs/ARCHITECTURE.md's table, enforced."""
import re

import tree

COMMON = {"base", "crypto", "event", "config", "telemetry"}
ROOMS = {
    "base": set(), "crypto": set(), "event": set(), "config": set(), "telemetry": set(),
    "http": set(), "signature": set(), "router": set(), "executor": set(), "platform": set(), "loader": set(),
    "store": set(),
    "journal": {"store"},
    "services": {"platform", "journal"},
    "plugin": {"loader", "services", "executor"},
    "runner": {"plugin", "services", "executor"},
    "ingest": {"signature", "journal"},
    "dispatch": {"journal", "router", "executor", "plugin", "platform"},
    "webhook": {"http", "ingest"},
    "playground": {"http", "signature", "platform"},
    "admin": {"http", "dispatch", "journal", "plugin"},
    "reload": set(),
}
BELOW_CLI = set(ROOMS)
ROOMS["app"] = BELOW_CLI          # host/app.hpp, host/app.cpp, host/app_*
ROOMS["cli"] = BELOW_CLI | {"app"}
ROOMS["main"] = {"cli"}           # host/main.cpp

# The one room of each outside library, by the first part of the included name.
OWNERS = {
    "pistache": {"http"}, "boost": {"http"}, "openssl": {"crypto"}, "curl": {"platform"}, "sqlite3.h": {"store"},
    "yaml-cpp": {"config"}, "dlfcn.h": {"loader"}, "link.h": {"loader"}, "spdlog": {"telemetry"},
    "prometheus": {"telemetry"}, "CLI": {"cli"}, "zlib.h": {"http"},
    # The C ABI: only where plugins are loaded, served and run. The platform's error model is shared with the SDK.
    "modhost": {"loader", "services", "plugin", "runner"}, "modhost/unique/error.hpp": {"platform"},
}
EVERYWHERE = {"tl", "rapidjson", "sys", "netinet", "arpa", "net", "linux"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def room_of(path):
    parts = path.split("/")
    if len(parts) > 2:
        return parts[1]
    return file_room(parts[1])


def file_room(name):
    """Of a file beside the rooms: the composition root may have several."""
    name = name.split(".")[0]
    return "app" if name.startswith("app_") else name


def include_problem(room, quote, name):
    """Why this room may not include this name; None when it may."""
    first = name.split("/")[0]
    if ".." in name:
        return 'write it as "room/file.hpp"'
    owners = OWNERS.get(name, OWNERS.get(first))
    if owners:
        return None if room in owners else f"<{name}> belongs to {', '.join(sorted(owners))}"
    if quote == "<":
        known = "/" not in name or first in EVERYWHERE
        return None if known else f"<{name}> is of a library without a room; give it one in tests/tidy/layering.py"
    target = first if "/" in name else file_room(name)
    if "/" not in name and target != "app":
        return 'write it as "room/file.hpp"'
    if target not in ROOMS:
        return f"there is no room {target} in the table"
    common = COMMON if room != "base" else set()
    if target == room or target in common or target in ROOMS[room]:
        return None
    return f"{room} may include {', '.join(sorted(common | ROOMS[room] - {room}))}, not {target}"


def linked_rooms(cmake):
    """[(line, room, linked rooms)] of the modhost_room() calls in host/CMakeLists.txt."""
    found = []
    for number, line in enumerate(cmake.splitlines(), 1):
        call = re.match(r"\s*modhost_room\((\w+)(.*)\)", line)
        if call:
            rooms = re.search(r"ROOMS ([\w ]+?)(?: LIBS|$)", call.group(2))
            found.append((number, call.group(1), set(rooms.group(1).split()) if rooms else set()))
    return found


def cycle(edges):
    """A path of rooms that ends where it begins, over {room: rooms it includes}; None when there is none."""
    done = set()

    def walk(room, path):
        if room in path:
            return path[path.index(room):] + [room]
        if room in done:
            return None
        for target in sorted(edges.get(room, ())):
            found = walk(target, path + [room])
            if found:
                return found
        done.add(room)
        return None

    return next(filter(None, (walk(room, []) for room in sorted(edges))), None)


def rule(texts):
    problems, edges = [], {}
    for path, text in texts.items():
        if path == "host/CMakeLists.txt":
            for number, room, linked in linked_rooms(text):
                extra = linked - ROOMS.get(room, set())
                if room not in ROOMS or extra:
                    problems.append(f"{path}:{number}: {room} links {sorted(extra) or 'without being in the table'}")
            continue
        room = room_of(path)
        if room not in ROOMS:
            problems.append(f"{path}:1: the room {room} is not in the table of tests/tidy/layering.py")
            continue
        for number, line in enumerate(text.splitlines(), 1):
            include = INCLUDE.match(line)
            why = include and include_problem(room, *include.groups())
            if why:
                problems.append(f"{path}:{number}: {why}")
            elif include and "/" in include.group(2) and include.group(2).split("/")[0] in ROOMS.keys() - {room}:
                edges.setdefault(room, set()).add(include.group(2).split("/")[0])
    circle = cycle(edges)
    if circle:
        problems.append(f"host/: the rooms include each other in a circle: {' -> '.join(circle)}")
    return problems


PLANTED = [
    ("a room above", {"host/journal/a.cpp": '#include "ingest/ingest.hpp"\n'}, "not ingest"),
    ("a sibling", {"host/router/a.hpp": '#include "executor/executor.hpp"\n'}, "not executor"),
    ("a chain is not a right", {"host/webhook/a.cpp": '#include "journal/journal.hpp"\n'}, "not journal"),
    ("a foundation looks up", {"host/base/a.hpp": '#include "event/event.hpp"\n'}, "not event"),
    ("a circle", {"host/event/a.hpp": '#include "config/a.hpp"\n', "host/config/b.hpp": '#include "telemetry/a.hpp"\n',
                  "host/telemetry/c.hpp": '#include "event/a.hpp"\n'}, "config -> telemetry -> event -> config"),
    ("a new room", {"host/misc/a.cpp": ""}, "room misc is not in the table"),
    ("an include of a new room", {"host/cli/a.cpp": '#include "misc/a.hpp"\n'}, "no room misc"),
    ("main reaches past cli", {"host/main.cpp": '#include "app.hpp"\n'}, "not app"),
    ("a file beside app", {"host/extra.cpp": ""}, "room extra"),
    ("no room named", {"host/http/a.cpp": '#include "server.hpp"\n'}, 'write it as "room/file.hpp"'),
    ("out of the house", {"host/http/a.cpp": '#include "../store/a.hpp"\n'}, 'write it as "room/file.hpp"'),
    ("pistache", {"host/webhook/a.cpp": "#include <pistache/tcp.h>\n"}, "belongs to http"),
    ("openssl", {"host/signature/a.cpp": "#  include <openssl/hmac.h>\n"}, "belongs to crypto"),
    ("curl", {"host/playground/a.cpp": "#include <curl/curl.h>\n"}, "belongs to platform"),
    ("sqlite3", {"host/journal/a.cpp": "#include <sqlite3.h>\n"}, "belongs to store"),
    ("yaml-cpp", {"host/cli/a.cpp": "#include <yaml-cpp/yaml.h>\n"}, "belongs to config"),
    ("dlfcn", {"host/plugin/a.cpp": "#include <dlfcn.h>\n"}, "belongs to loader"),
    ("a library without a room", {"host/http/a.cpp": "#include <fmt/core.h>\n"}, "without a room"),
    ("the ABI at the door", {"host/webhook/a.cpp": '#include "modhost/plugin.h"\n'}, "belongs to"),
    ("linking what may not be included", {"host/CMakeLists.txt": "modhost_room(router ROOMS store)\n"}, "['store']"),
    ("what is allowed", {
        "host/ingest/a.cpp": '#include <sys/socket.h>\n#include <vector>\n#include "event/decode.hpp"\n'
                             '#include "ingest/a.hpp"\n#include "journal/journal.hpp"\n#include <rapidjson/reader.h>\n',
        "host/platform/d.cpp": '#include "modhost/unique/error.hpp"\n',
        "host/event/b.cpp": '#include "crypto/digest.hpp"\n',
        "host/cli/c.cpp": '#include "app.hpp"\n#include <CLI/CLI.hpp>\n#include "journal/journal.hpp"\n',
        "host/app.cpp": '#include "app.hpp"\n#include "app_part.hpp"\n#include "admin/admin.hpp"\n',
        "host/app_part.cpp": '#include "app_part.hpp"\n#include "journal/journal.hpp"\n',
        "host/CMakeLists.txt": "modhost_room(journal ROOMS store LIBS x)\nmodhost_room(cli LIBS x ROOMS app)\n"}, None),
]

if __name__ == "__main__":
    tree.run(rule, lambda path: path.startswith("host/") and path.endswith((".cpp", ".hpp", ".h", ".c", "CMakeLists.txt")),
             PLANTED)
