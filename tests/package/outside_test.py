"""A plugin built outside this tree against the installed package, tested with the fake host only, and taken by the host."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build/release"))
CMAKE = os.environ.get("CMAKE", "cmake")
CXX = os.environ.get("CXX", "c++")

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES CXX)
find_package(modhost 0.1 REQUIRED)
find_package(GTest REQUIRED)
modhost_add_plugin(greeter plugin.cpp)
add_executable(greeter_test test.cpp)
target_compile_features(greeter_test PRIVATE cxx_std_20)
target_link_libraries(greeter_test PRIVATE modhost::plugin_api GTest::gtest_main ${CMAKE_DL_LIBS})
"""


def snippet(document, word):
    """The C++ block of a document that holds this word."""
    blocks = re.findall(r"^```cpp\n(.*?)^```", (ROOT / "docs" / document).read_text(encoding="utf-8"), re.S | re.M)
    return next(block for block in blocks if word in block)


class Outside(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="modhost-outside-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.prefix = self.folder / "prefix"
        self.run_well(CMAKE, "--install", BUILD, "--component", "plugin-api", "--prefix", self.prefix)
        self.source = self.folder / "source"
        self.source.mkdir()
        (self.source / "plugin.cpp").write_text(snippet("plugin-authors-guide.md", '"com.example.greeter", "1.0.0"'))

    def run_well(self, *command, **options):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=240, check=False, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def assert_host_takes(self, file):
        plugins = self.folder / "plugins"
        plugins.mkdir(mode=0o755)
        shutil.copy(file, plugins / "greeter.so")
        config = self.folder / "modules.yaml"
        config.write_text(f"plugins_dir: {plugins}\nstate_dir: {self.folder}/state\nlisten: 127.0.0.1:0\nadmin: 127.0.0.1:0\n"
                          "app: {id: app_x, api_key: ukey_x, api_base: 'http://127.0.0.1:1/public/chat', "
                          "endpoint_secrets: [usig_x]}\nmodules: {Greeter: greeter}\n")
        said = self.run_well(BUILD / "modhost", "check", "--config", config)
        self.assertIn("greeter 1.0.0", said)

    def test_find_package_builds_it_and_its_test_needs_no_host(self):
        (self.source / "CMakeLists.txt").write_text(PROJECT)
        (self.source / "test.cpp").write_text(
            snippet("plugin-authors-guide.md", "TEST(Greeter").replace("build/release/plugins/greeter.so", "./greeter.so"))
        build = self.folder / "build"
        self.run_well(CMAKE, "-S", self.source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                      f"-DCMAKE_CXX_COMPILER={CXX}")
        self.run_well(CMAKE, "--build", build)
        self.assertIn("PASSED", self.run_well(build / "greeter_test", cwd=build))
        self.assert_host_takes(build / "greeter.so")

    def test_pkg_config_is_enough(self):
        flags = self.run_well("pkg-config", "--cflags", "--libs", "modhost",
                              env={**os.environ, "PKG_CONFIG_PATH": str(self.prefix / "share/pkgconfig")}).split()
        file = self.folder / "greeter.so"
        self.run_well(CXX, "-std=c++20", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", self.source / "plugin.cpp", *flags,
                      "-o", file)
        self.assert_host_takes(file)


if __name__ == "__main__":
    unittest.main(verbosity=2)
