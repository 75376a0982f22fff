# Targets for people who work on DNN Bench. Users need only ./bench_model.sh.
.PHONY: build package first-use test check format format-check shell-check tidy asan tsan coverage fuzz faults golden completions gpu conformance aarch64 clean

# The folder of clang-format, clang-tidy, ruff and shellcheck; only set up by the targets that use them.
tools = $(dir $(shell setup/python_env.sh dev))
cpp = $(shell find src engines tests -name '*.cpp' -o -name '*.h')
scripts = dnnbench bench_model.sh run_tests.sh .ci/run $(shell find setup engines models tests vis -name '*.sh' -perm -u+x)

build:  # everything, with all engines
	setup/build_with_engines.sh release all

package:  # a .deb and a Python wheel in build/package
	setup/package.sh

first-use:  # installs the package in a fresh Debian without a compiler and times the first table
	tests/package/first_use.sh $(or $(SUITE),bookworm) $(MODEL)

test:
	./run_tests.sh

check: format-check shell-check tidy asan

format:
	@$(tools)clang-format -i $(cpp)
	@$(tools)ruff format --quiet .
	@$(tools)ruff check --quiet --fix .

format-check:
	@$(tools)clang-format --dry-run --Werror $(cpp)
	@$(tools)ruff format --quiet --check .
	@$(tools)ruff check --quiet .

shell-check:
	@$(tools)shellcheck --external-sources --check-sourced --source-path=. $(scripts)

tidy: build
	$(tools)run-clang-tidy.py -quiet -clang-tidy-binary $(tools)clang-tidy -p build/release '/(src|engines|tests)/.*\.(cpp|cxx)$$'

asan:  # the unit tests and the fuzzers' corpus with the sanitizers, which ignore the signals that end fake engines
	setup/build_with_engines.sh asan dnnbench-tests dnnbench-fuzz-replay
	ASAN_OPTIONS=handle_segv=0:handle_abort=0 build/asan/bin/dnnbench-tests --gtest_brief=1
	cd build/asan && bin/dnnbench-fuzz-replay $(CURDIR)/tests/fuzz/corpus 100

tsan:  # the unit tests with the thread sanitizer, which ignores the signals that end fake engines
	setup/build_with_engines.sh tsan dnnbench-tests
	TSAN_OPTIONS=handle_segv=0:handle_abort=0 build/tsan/bin/dnnbench-tests --gtest_brief=1

# Left out are tests that take minutes, or drive what is not counted: engines and pages.
not_counted = contributed|fleet_polling|fusions|generated_families|generated_windows|light_models|operators|package|page_against_advise|tensorflow|tvm|tvm_recurrent|windows
coverage:  # the share of the lines of src/ that tests run, by folder; 90 % at least. Engines' processes can't write their counts
	setup/build_with_engines.sh coverage dnnbench dnnbench-tests dnnbench-faults dnnbench-clock
	find build/coverage -name '*.gcda' -delete
	GCOV_ERROR_FILE=/dev/null build/coverage/bin/dnnbench-tests --gtest_brief=1
	GCOV_ERROR_FILE=/dev/null ctest --test-dir build/coverage --parallel 2 --output-on-failure -R '^tests/' -E '^tests/($(not_counted))_test'
	python3 setup/coverage.py build/coverage 90

fuzz:  # FUZZ_SECONDS of libFuzzer on each parser, with the sanitizers; needs clang, which it installs
	tests/fuzz/run.sh $(or $(FUZZ_SECONDS),60)

faults: build  # attacks the real program at length and prints what it kept: about an hour
	setup/build_with_engines.sh asan dnnbench-fuzz-replay
	PYTHONPATH=tests $$(setup/python_env.sh tests) tests/faults/campaign.py build/release/bin \
	  build/asan/bin/dnnbench-fuzz-replay $(CAMPAIGN)

golden:  # rewrites the expected plots, tables and README's picture; read the difference before committing it
	$(shell setup/python_env.sh tests) vis/golden.py
	DNNBENCH_GOLDEN=write DNNBENCH_BIN=$(CURDIR)/build/release/bin setup/pytest.sh tests/terminal_test.py -q -k fixed_results

completions:  # build/completions: for bash and zsh, and the man page
	python3 setup/completions.py build/completions

gpu:  # fetches all that engines need on a GPU (5 GB; no GPU needed), builds their programs, opens their libraries
	set -e; for install in engines/*/install_cuda.sh engines/onnxruntime/install_openvino.sh; do $$install; done
	setup/build_with_engines.sh release dnnbench dnnbench-stub-driver dnnbench-bare-loops dnnbench-open-gpu-libraries
	LD_LIBRARY_PATH=build/release/bin/stub-driver build/release/bin/dnnbench-open-gpu-libraries
	@ls build/release/bin/dnnbench-engine-onnxruntime-gpu build/release/bin/dnnbench-engine-pytorch
	@ls build/release/bin/dnnbench-engine-tensorrt 2>/dev/null || \
	  echo "dnnbench-engine-tensorrt was not built: it needs TensorRT's headers (libnvinfer-dev and libnvonnxparsers-dev, or TENSORRT_ROOT)"

conformance: build  # every ONNX node test on every engine; writes docs/operators.md
	tests/conformance/run.sh --document docs/operators.md

aarch64:  # cross-builds for Arm with all engines, and runs that in an emulator
	setup/aarch64.sh all

clean:
	rm -rf build
