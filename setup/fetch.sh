# shellcheck shell=bash
# Fetches pinned packages into the cache. An install.sh sources this file, declares what it wants
# and calls `fetch`:
#
#   into engines/NAME/VERSION                       the folder below the cache
#   wheel ARCHITECTURE PACKAGE==VERSION PLATFORM-TAG BYTES SHA256     (several may follow each other)
#   maven ARCHITECTURE GROUP:ARTIFACT:VERSION:CLASSIFIER BYTES SHA256     a jar, in place of a wheel: from
#                                                   ~/.m2, the address in MAVEN_REPOSITORY, or by mvn
#   keep PATTERN...                                 the files to unpack of the wheels before it, up to
#                                                   an earlier `keep`; * also matches slashes
#   below FOLDER                                    optional: only what lies in FOLDER, without FOLDER itself
#   fetch                                           or:
#   fetch_version [VERSION]                         VERSION: another one of the first wheel's package, which
#                                                   is not pinned: as the package index has it, which gives
#                                                   the hash; its folder gets a file wheel.sha256
#
# A folder that is there is complete: it is renamed into place as the last step. Whether it still is
# what was unpacked is looked at each time, by sizes and times, and by hashes where those differ and
# once a month. What is damaged is fetched again; `./dnnbench engines --verify` only says so.
# shellcheck source=setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=setup/packages.sh
source "$repository/setup/packages.sh"

# Of the machine that the packages are for (setup/aarch64.sh).
architecture=${DNNBENCH_ARCHITECTURE:-$(uname -m)}
target=
wheels=()
patterns=() # of each wheel, a line each
first_of_group=0
group_is_closed=
inside=

# is_on_machine LIBRARY [VERSION]: whether it is among the machine's own, by its file's name in this version
# or a newer one: libcudart.so.13 is a link to libcudart.so.13.2.86.
is_on_machine() {
  local file
  file=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p | sed -n "s|^\t${1//./\\.} .* => ||p" | head -n 1)
  [[ -n $file ]] || return 1
  [[ -z ${2:-} ]] || printf '%s\n' "$2" "$(basename "$(realpath "$file")" | sed 's/.*\.so\.//')" | sort --check=quiet -V
}

into() { target=$1; }
wheel() {
  [[ -z $group_is_closed ]] || first_of_group=${#wheels[@]}
  group_is_closed=
  [[ $1 != "$architecture" ]] || wheels+=("${*:2}")
}
maven() { wheel "$1" "maven:$2" - "${@:3}"; }
keep() {
  local i
  group_is_closed=yes
  for ((i = first_of_group; i < ${#wheels[@]}; ++i)); do
    patterns[i]+=$(printf '%s\n' "$@")$'\n'
  done
}
below() { inside=$1; }

fetch() {
  ! is_whole || return 0
  if ((${#wheels[@]} == 0)); then
    say "There is no package of ${target#engines/} for $architecture; going on without it"
    return 0
  fi
  require pip
  with_lock "${target//\//-}" fetch_under_lock
}

# The first wheel's package alone: what else the pinned version needs belongs to that version.
fetch_version() {
  if [[ -n ${1:-} && $1 != "${target##*/}" ]]; then
    ((${#wheels[@]} == 0)) || wheels=("${wheels[0]%%==*}==$1")
    target=${target%/*}/$1
  fi
  fetch
}

readonly days_between_hashings=30

# Of the cached folder; read by src/cli/verify_cache.cpp, too. "sha256  ./path" and "size time ./path".
hashes_of_target() { echo "$cache/checksums/${target//\//-}.sha256"; }
stamps_of_target() { echo "$cache/checksums/${target//\//-}.stamps"; }

stamps_now() { (cd "$cache/$target" && find . -type f -printf '%s %T@ %p\n' | LC_ALL=C sort); }

# Whether the folder is there and holds what was unpacked.
is_whole() {
  [[ -d $cache/$target ]] || return 1
  if [[ ! -f $(hashes_of_target) ]]; then # unpacked by an earlier version: taken as it is
    with_lock checksums keep_checksums
  elif ! is_as_stamped && ! hashes_agree; then
    say "$cache/$target is damaged; fetching it again"
    return 1
  fi
}

is_as_stamped() {
  [[ -n $(find "$(stamps_of_target)" -mtime "-$days_between_hashings" 2>/dev/null) ]] &&
    cmp -s "$(stamps_of_target)" <(stamps_now)
}

hashes_agree() {
  (cd "$cache/$target" && sha256sum --check --status "$(hashes_of_target)" 2>/dev/null) || return 1
  # Where they can't be kept, as on a full disk, all is hashed again the next time.
  replace "$(stamps_of_target)" stamps_now 2>/dev/null || true
}

keep_checksums() {
  mkdir -p "$cache/checksums"
  replace "$(stamps_of_target)" stamps_now
  replace "$(hashes_of_target)" hashes_now
}

hashes_now() { (cd "$cache/$target" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum); }

# replace FILE COMMAND: by what the command prints, whole or not at all.
replace() {
  "$2" >"$1.$$" && mv "$1.$$" "$1" && return
  rm -f "$1.$$"
  return 1
}

fetch_under_lock() {
  ! is_whole 2>/dev/null || return 0 # another run has just fetched it
  # Not local: the trap runs after the function.
  partial=$cache/partial/${target//\//-}
  rm -rf "$partial"
  mkdir -p "$partial/files" "$(dirname "$cache/$target")"
  trap 'rm -rf "$partial"' EXIT
  local i wanted
  ((${#wheels[@]} == 1)) || say_sum
  for i in "${!wheels[@]}"; do
    mapfile -t wanted < <(printf '%s' "${patterns[i]}")
    # shellcheck disable=SC2086 # the words of one declaration
    download_and_unpack ${wheels[i]} "${wanted[@]}"
  done
  [[ ! -f $partial/wheel.sha256 ]] || mv "$partial/wheel.sha256" "$partial/files/$inside"
  rm -rf "${cache:?}/$target"
  mv -T "$partial/files/$inside" "$cache/$target"
  with_lock checksums keep_checksums
}

# How large the pinned packages are together.
say_sum() {
  local i words bytes=0
  for i in "${!wheels[@]}"; do
    read -ra words <<<"${wheels[i]}"
    bytes=$((bytes + words[2]))
  done
  say "${target#engines/} is ${#wheels[@]} packages, together $(megabytes "$bytes")"
}

# Whatever Python this machine has, the package for CPython 3.12 is taken: only its native
# libraries are used, and so every machine gets the same bytes.
# download_and_unpack REQUIREMENT [PLATFORM BYTES SHA256] PATTERN...
download_and_unpack() {
  local requirement=$1
  mkdir -p "$partial/packages"
  if [[ $requirement == maven:* ]]; then
    say "Fetching $requirement, $(megabytes "$3"), into $cache/$target"
    download_jar "${requirement#maven:}" "$4"
    shift 4
  elif [[ ${wheels[0]} == *' '* ]]; then
    download_pinned "$1" "$2" "$3" "$4"
    shift 4
  else
    download_other "$1"
    shift
  fi
  python3 "$repository/setup/unpack_wheel.py" "$partial"/packages/* "$partial/files" "$@" ||
    fail "$requirement could not be unpacked into $cache"
  rm -rf "$partial/packages"
}

download_pinned() {
  local requirement=$1 platform=$2 bytes=$3 sha256=$4
  local quiet=(--progress-bar on)
  say "Fetching $requirement, $(megabytes "$bytes"), into $cache/$target"
  can_redraw || quiet=(--quiet)
  printf '%s --hash=sha256:%s\n' "$requirement" "$sha256" >"$partial/requirements.txt"
  python3 -m pip download "${quiet[@]}" --disable-pip-version-check --no-deps --no-cache-dir \
    --only-binary=:all: --platform "$platform" --python-version 3.12 --implementation cp \
    --require-hashes --requirement "$partial/requirements.txt" --dest "$partial/packages" >&2 ||
    fail "$requirement could not be downloaded (pip's reason is above); nothing was left behind"
}

# pip compares what it downloads with the hash that the index gives.
download_other() {
  local requirement=$1 quiet=(--progress-bar on) minor platforms=()
  for ((minor = 40; minor >= 17; --minor)); do
    platforms+=(--platform "manylinux_2_${minor}_$architecture")
  done
  platforms+=(--platform "manylinux2014_$architecture")
  say "Fetching $requirement, which is not pinned here, into $cache/$target"
  can_redraw || quiet=(--quiet)
  if ! python3 -m pip download "${quiet[@]}" --disable-pip-version-check --no-deps --no-cache-dir \
    --only-binary=:all: "${platforms[@]}" --python-version 3.12 --implementation cp \
    "$requirement" --dest "$partial/packages" >&2; then
    say "dnnbench: $requirement could not be downloaded for this machine (pip's reason is above)"
    exit 2
  fi
  (cd "$partial/packages" && sha256sum -- *.whl) >"$partial/wheel.sha256"
}

# download_jar GROUP:ARTIFACT:VERSION:CLASSIFIER SHA256: as $partial/packages/package.jar. No Java is needed unless
# neither ~/.m2 nor MAVEN_REPOSITORY has it.
download_jar() {
  local group artifact version classifier path
  IFS=: read -r group artifact version classifier <<<"$1"
  path=${group//.//}/$artifact/$version/$artifact-$version-$classifier.jar
  if [[ -f $HOME/.m2/repository/$path ]]; then
    ln -s "$HOME/.m2/repository/$path" "$partial/packages/package.jar"
  elif [[ -n ${MAVEN_REPOSITORY:-} ]]; then
    curl --fail --location --silent --show-error "$MAVEN_REPOSITORY/$path" --output "$partial/packages/package.jar" ||
      fail "$1 could not be downloaded (curl's reason is above); nothing was left behind"
  elif has_command mvn; then
    mvn --quiet --batch-mode dependency:copy "-Dartifact=$group:$artifact:$version:jar:$classifier" \
      "-DoutputDirectory=$partial/packages" >&2 ||
      fail "$1 could not be downloaded (Maven's reason is above); nothing was left behind"
    mv "$partial/packages/$artifact-$version-$classifier.jar" "$partial/packages/package.jar"
  else
    fail "$1 is a Maven package; set MAVEN_REPOSITORY to a repository's address, or install Maven"
  fi
  sha256sum --status --check <<<"$2  $partial/packages/package.jar" ||
    fail "$1 doesn't have the expected SHA-256; nothing was left behind"
}
