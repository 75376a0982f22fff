# shellcheck shell=bash
# Runs the compiled programs of a package. Sourced after lib.sh.

# Prints the folder to run the programs from: a copy in the cache, for an engine's program finds the
# engine's library from its own place. It has the programs of those engines that are in the cache.
place_programs() {
  local folder
  folder=$cache/programs/$(stat --format=%Y-%s "$repository/programs/dnnbench")
  mkdir -p "$folder"
  with_lock programs place_under_lock "$folder"
  printf '%s\n' "$folder"
}

place_under_lock() {
  local file name
  for file in "$repository"/programs/*; do
    name=${file##*/}
    if [[ $name == dnnbench-engine-* ]] && ! is_installed "${name#dnnbench-engine-}"; then
      rm -f "$1/$name"
    elif [[ -f $file && ! -e $1/$name ]]; then
      cp "$file" "$1/.partial"
      mv "$1/.partial" "$1/$name"
    fi
  done
}

# Whether the engine's library is in the cache, in the version of the package.
is_installed() {
  local target
  target=$(sed -n "s|^into \\(engines/$1/.*\\)|\\1|p" "$repository"/engines/*/install*.sh)
  [[ -n $target && -d $cache/$target ]]
}
