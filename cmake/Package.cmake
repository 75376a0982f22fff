# What `make package` puts into the .deb and into the wheel: the compiled programs, and beside them
# the front door with the files that it reads, laid out as in the repository.

# dnnbench_package_engine(NAME FOLDER...): the package carries this engine's program. FOLDERs, below
# the cache's engines/, hold the libraries that it is linked with; setup/programs.sh puts the
# program where it finds them.
function(dnnbench_package_engine NAME)
  list(TRANSFORM ARGN PREPEND "$ORIGIN/../../engines/")
  set_property(TARGET dnnbench-engine-${NAME} APPEND PROPERTY INSTALL_RPATH "$ORIGIN" ${ARGN})
  install(TARGETS dnnbench-engine-${NAME} DESTINATION lib/dnn-bench/programs COMPONENT package)
endfunction()

# Called when all targets are there.
function(dnnbench_package)
  set(tree lib/dnn-bench)
  set_target_properties(dnnbench dnnbench-simplify PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(TARGETS dnnbench dnnbench-simplify DESTINATION ${tree}/programs COMPONENT package)
  dnnbench_package_libraries(${tree}/programs)
  install(PROGRAMS dnnbench bench_model.sh DESTINATION ${tree} COMPONENT package)
  install(FILES README.md CHANGELOG.md LICENSE THIRD-PARTY.md DESTINATION ${tree} COMPONENT package)
  file(GLOB scripts setup/*.sh)
  list(FILTER scripts EXCLUDE REGEX "/(build|build_with_engines|conformance|gate|onnx_proto|ort_header|package|pytest)\\.sh$")
  install(PROGRAMS ${scripts} setup/unpack_wheel.py DESTINATION ${tree}/setup COMPONENT package)
  install(FILES setup/fit_help.awk DESTINATION ${tree}/setup COMPONENT package)
  file(GLOB scripts RELATIVE ${CMAKE_SOURCE_DIR} engines/*/install*.sh)
  foreach(script ${scripts})
    get_filename_component(folder ${script} DIRECTORY)
    install(PROGRAMS ${script} DESTINATION ${tree}/${folder} COMPONENT package)
  endforeach()
  install(FILES setup/python/models.txt setup/python/vis.txt DESTINATION ${tree}/setup/python COMPONENT package)
  install(FILES src/cli/values.txt DESTINATION ${tree}/src/cli COMPONENT package)
  install(DIRECTORY src/cli/help DESTINATION ${tree}/src/cli COMPONENT package)
  install(DIRECTORY catalogue models vis DESTINATION ${tree} COMPONENT package
    PATTERN __pycache__ EXCLUDE PATTERN *_test.py EXCLUDE PATTERN *_for_tests.py EXCLUDE
    PATTERN conftest.py EXCLUDE)
  file(GLOB documents docs/*.md docs/*.json)
  install(FILES ${documents} DESTINATION ${tree}/docs COMPONENT package)
  # The link for the .deb alone; in the wheel pip writes the command.
  install(CODE "file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin\")
    file(CREATE_LINK ../${tree}/dnnbench \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/dnnbench\" SYMBOLIC)"
    COMPONENT debian)
  install(CODE "execute_process(COMMAND python3 ${CMAKE_SOURCE_DIR}/setup/completions.py
    ${CMAKE_BINARY_DIR}/completions COMMAND_ERROR_IS_FATAL ANY)" COMPONENT debian)
  install(FILES ${CMAKE_BINARY_DIR}/completions/dnnbench.bash
    DESTINATION share/bash-completion/completions RENAME dnnbench COMPONENT debian)
  install(FILES ${CMAKE_BINARY_DIR}/completions/_dnnbench
    DESTINATION share/zsh/vendor-completions COMPONENT debian)
  install(FILES ${CMAKE_BINARY_DIR}/completions/dnnbench.1 DESTINATION share/man/man1 COMPONENT debian)
  # Lintian and people look for it there.
  install(FILES LICENSE DESTINATION share/doc/dnn-bench RENAME copyright COMPONENT debian)
endfunction()

# The distribution's libraries that the programs are linked with, but for C's and C++'s own, and the
# licences of these and of the headers that are compiled into the programs.
function(dnnbench_package_libraries FOLDER)
  install(CODE "set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${FOLDER}\")" COMPONENT package)
  install(CODE [[
    file(GET_RUNTIME_DEPENDENCIES EXECUTABLES "$<TARGET_FILE:dnnbench>"
      RESOLVED_DEPENDENCIES_VAR libraries PRE_EXCLUDE_REGEXES "^lib(c|m|gcc_s|stdc\\+\\+)\\.so" "^ld-linux")
    foreach(library ${libraries})
      get_filename_component(name "${library}" NAME)
      file(COPY_FILE "${library}" "${folder}/${name}")
    endforeach()
  ]] COMPONENT package)
  foreach(package libfmt-dev libssl-dev libcli11-dev nlohmann-json3-dev)
    install(FILES /usr/share/doc/${package}/copyright DESTINATION ${FOLDER}/licences
      RENAME ${package} COMPONENT package)
  endforeach()
endfunction()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dnn-bench)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_SOURCE_DIR}/build/package)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL package debian)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The authors of DNN Bench <dnn-bench@localhost>")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Measures ONNX models on several inference engines
Verifies every output, ranks the engines with confidence intervals, and finds
the cheapest machine for your traffic. Engines are fetched when first asked for.")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
# setup/package.sh checks that nothing newer is needed. pip fetches the engines.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "bash, libc6 (>= 2.35), libgcc-s1, libstdc++6 (>= 12), python3 (>= 3.10), python3-pip, python3-venv")
include(CPack)
