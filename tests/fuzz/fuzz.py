"""Runs the fuzz targets for a bounded time each, then measures how much of each parser the corpus reaches.

usage: fuzz.py [target] [seconds]   (from ./dev fuzz). New inputs go to build/fuzz-corpus/<target>; the seeds in
tests/fuzz/<target>/corpus stay as they are. A crash leaves its input in build/fuzz-crashes/ and makes the exit code 1.
"""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FUZZ = os.path.join(ROOT, "tests", "fuzz")
LINES_WANTED = 95.0
# RapidJSON's iterators compare in a way that clang 14 calls ambiguous in C++20.
CLANG_FLAGS = "-Wno-ambiguous-reversed-operator"
COVERAGE_FLAGS = f"{CLANG_FLAGS} -fprofile-instr-generate -fcoverage-mapping -O1"


def run(*command, quiet=False, **options):
    if quiet:
        options.update(stdout=subprocess.DEVNULL)
    return subprocess.run(command, cwd=ROOT, check=False, **options).returncode


def build(preset, folder, target, *settings):
    configured = run("cmake", "--preset", preset, "-B", folder, *settings, quiet=True)
    if configured or run("cmake", "--build", folder, "--target", target):
        sys.exit(f"{folder}: the build failed")


def corpora(name):
    """The folder that grows, the seeds, and the crashes of earlier days."""
    grown = os.path.join(ROOT, "build", "fuzz-corpus", name)
    os.makedirs(grown, exist_ok=True)
    return [grown, os.path.join(FUZZ, name, "corpus")]


def fuzz(name, seconds):
    crashes = os.path.join(ROOT, "build", "fuzz-crashes", name, "")
    os.makedirs(crashes, exist_ok=True)
    dictionary = os.path.join(FUZZ, name, "dictionary")
    words = [f"-dict={dictionary}"] if os.path.exists(dictionary) else []
    log = os.path.join(ROOT, "build", "logs", f"fuzz-{name}.log")
    print(f"fuzzing {name} for {seconds} s", flush=True)
    with open(log, "w+", encoding="utf-8", errors="replace") as output:
        failed = run(f"build/fuzz/fuzz/fuzz_{name}", f"-max_total_time={seconds}", f"-artifact_prefix={crashes}",
                     "-max_len=65536", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", *words, *corpora(name),
                     stdout=output, stderr=subprocess.STDOUT)
        output.seek(0)
        lines = output.read().splitlines()
    print("\n".join(lines[-40:] if failed else [line for line in lines if "average_exec" in line or line.startswith("Done")]))
    return failed


def covered_files(name):
    try:
        with open(os.path.join(FUZZ, name, "COVERS"), encoding="utf-8") as file:
            return [os.path.join(ROOT, path) for path in file.read().split()]
    except FileNotFoundError:
        return []


def lines_of(binary, profile, source):
    """(lines, lines reached) of one source file by llvm-cov's report."""
    report = subprocess.run(["llvm-cov-14", "export", "-summary-only", "-format=lcov", binary, f"-instr-profile={profile}",
                             source], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"^(LF|LH):(\d+)$", report, re.M))
    return int(found.get("LF", 0)), int(found.get("LH", 0))


def coverage(name):
    """Prints the share of each parser file's lines that the corpus reaches; the share over all of them."""
    binary = f"build/fuzz-coverage/fuzz/replay_{name}"
    raw, profile = (os.path.join(ROOT, "build", "fuzz-coverage", f"{name}.{kind}") for kind in ("profraw", "profdata"))
    folders = [folder for folder in corpora(name) if os.path.isdir(folder)]
    run(binary, *folders, quiet=True, stderr=subprocess.DEVNULL, env={**os.environ, "LLVM_PROFILE_FILE": raw})
    run("llvm-profdata-14", "merge", "-sparse", raw, "-o", profile)
    total = reached = 0
    for source in covered_files(name):
        lines, hit = lines_of(binary, profile, source)
        print(f"  {100 * hit / max(lines, 1):5.1f} %  {hit:4}/{lines:<4} {os.path.relpath(source, ROOT)}")
        total, reached = total + lines, reached + hit
    return 100 * reached / total if total else 0.0


def main(words):
    names = sorted(os.path.basename(os.path.dirname(path)) for path in glob.glob(os.path.join(FUZZ, "*", "fuzz_*.cpp")))
    seconds = next((int(word) for word in words if word.isdigit()), 60)
    wanted = [word for word in words if not word.isdigit()] or names
    unknown = sorted(set(wanted) - set(names))
    if unknown or not names:
        sys.exit(f"no fuzz target {', '.join(unknown)}; there are: {', '.join(names) or 'none'}")
    build("fuzz", "build/fuzz", "fuzzers", f"-DCMAKE_CXX_FLAGS={CLANG_FLAGS}")
    build("tidy", "build/fuzz-coverage", "replays", f"-DCMAKE_CXX_FLAGS={COVERAGE_FLAGS}", "-DCMAKE_CXX_CLANG_TIDY=")
    crashed = [name for name in wanted if fuzz(name, seconds)]
    short = []
    for name in wanted:
        print(f"coverage of {name}:")
        share = coverage(name)
        print(f"  {share:5.1f} %  of its parser's lines")
        if share < LINES_WANTED:
            short.append(name)
    for name in crashed:
        print(f"CRASHED {name}: see build/fuzz-crashes/{name}")
    for name in short:
        print(f"TOO LITTLE {name}: below {LINES_WANTED} % of its parser's lines")
    print(f"{len(wanted) - len(set(crashed + short))} passed, {len(set(crashed + short))} failed")
    return 1 if crashed or short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
