# shellcheck shell=bash
# Checks a command line before anything is installed. Sourced after lib.sh.
#
# It reads what the program reads: src/cli/values.txt and the help texts, src/cli/help/SUBCOMMAND.txt:
#     "Usage: ./dnnbench NAME MODEL... [flags]"   what is given besides flags: models or folders
#     "  --flag=KIND   description"               a flag that takes a value: KIND, or A|B|KIND
#     "  --flag[=KIND] description"               the value may be left out
#     "  --flag        description"               a switch; refused when it is "not built yet"
#     "#  --flag       description"               a flag that --help does not show
#     "    name name"                             names of models that can be generated

help_folder=$repository/src/cli/help

usage_error() {
  say "$*"
  exit 2
}

# show_help SUBCOMMAND
show_help() {
  local columns
  if columns=$(columns_of 3) && ((columns < 100)); then
    help_text "$1" | awk -v width="$columns" -f "$repository/setup/fit_help.awk"
  else
    help_text "$1"
  fi 3>&1 # for the substitution has an output of its own
}

help_text() {
  local as_package=()
  # There is no ./bench_model.sh beside the command that a package installs.
  ! is_package || as_package=(-e 's| *(or: \./dnnbench .*)||' -e 's|; \./bench_model\.sh does the same||'
    -e 's|\./bench_model\.sh|dnnbench run|g' -e 's|\./dnnbench|dnnbench|g')
  sed -e '/^#/d' "${as_package[@]}" "$help_folder/$1.txt"
}

# check_usage SUBCOMMAND ARGUMENT...: ends the program with one sentence when something is wrong;
# else fills given_flags, given_models, given_versions[--flag] (",1.30.0,1.31.1") and given_results (of --against).
check_usage() {
  local program="dnnbench $1" subcommand=$1 flag kind
  shift
  read_help "$subcommand"
  given_flags=()
  given_models=()
  given_results=
  declare -gA given_versions=()
  while (($# > 0)); do
    flag=${1%%=*}
    case $1 in
      -h | --help)
        show_help "$subcommand"
        exit 0
        ;;
      -*)
        [[ -v kind_of[$flag] ]] ||
          usage_error "$program: unknown flag $flag$(did_you_mean "$flag" "${!kind_of[@]}")"
        kind=${kind_of[$flag]}
        [[ $kind != 'not built yet' ]] || usage_error "$program: $flag is not built yet"
        if [[ $kind == '[='* ]]; then # may be left out
          kind=${kind:2:-1}
          [[ $1 == *=* ]] || kind=
          [[ $kind != VERSIONS ]] || given_versions[$flag]+=,${1#*=}
        elif [[ -z $kind && $1 == *=* ]]; then
          usage_error "$program: $flag takes no value$(flags_with_versions "${1#*=}")"
        fi
        given_flags+=("$flag")
        if [[ -n $kind ]]; then
          [[ $1 == *=* ]] || { set -- "$1=${2:-}" "${@:3}"; }
          check_value "$program: $flag" "$kind" "${1#*=}"
        fi
        [[ $flag != --against ]] || given_results=${1#*=}
        ;;
      *) given_models+=("$1") ;;
    esac
    shift
  done
  "check_${positionals%%[. ]*}" "$program"
}

# read_help SUBCOMMAND: fills kind_of[--flag], positionals, model_names, pattern[KIND], demand[KIND].
read_help() {
  declare -gA kind_of=() pattern=() demand=()
  local line kind regex engine usage='^Usage: [^ ]+( [a-z]+)?(( [A-Z.]+)*) '
  local flag='^#?  (--[a-z0-9-]+)=?([^ ]*) *(not built yet)?'
  model_names=()
  while IFS= read -r line; do
    if [[ $line =~ $usage ]]; then
      positionals=${BASH_REMATCH[2]# }
    elif [[ $line =~ $flag ]]; then
      kind_of[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}${BASH_REMATCH[3]}
    elif [[ $line == '    '[a-z]* ]]; then
      read -ra line <<<"$line"
      model_names+=("${line[@]}")
    fi
  done < <([[ $1 != fleet ]] || cat "$help_folder/run.txt"; cat "$help_folder/$1.txt")
  while read -r kind regex line; do
    pattern[$kind]=$regex
    demand[$kind]=$line
  done <"$repository/src/cli/values.txt"
  [[ $1 == run || $1 == selftest || $1 == fleet ]] || return 0
  for engine in "$repository"/engines/*/; do # one that was just added is not in the help text
    kind=
    # shellcheck disable=SC2016 # as it stands there
    ! grep -qsxF 'fetch_version "$@"' "$engine/install.sh" || kind='[=VERSIONS]'
    engine=--$(basename "$engine")
    kind_of[$engine]=${kind_of[$engine]-$kind}
  done
}

# flags_with_versions VALUE: where VALUE is a version, which flags take one.
flags_with_versions() {
  local flag flags=()
  [[ -v pattern[VERSIONS] && $1 =~ ${pattern[VERSIONS]} ]] || return 0
  for flag in "${!kind_of[@]}"; do
    [[ ${kind_of[$flag]} != '[=VERSIONS]' ]] || flags+=("$flag")
  done
  mapfile -t flags < <(printf '%s\n' "${flags[@]}" | sort)
  ((${#flags[@]} == 0)) || printf '; versions are for %s' "${flags[*]}"
}

# check_value WHERE KIND VALUE
check_value() {
  local where=$1 kind=$2 value=$3 choice
  [[ -n $value && $value != --* ]] || usage_error "$where needs a value: ${where##* }=$kind"
  [[ $kind != FILE || -f $value ]] || usage_error "$where: there is no file $value"
  [[ $kind != FOLDER || -d $value ]] || usage_error "$where: there is no folder $value"
  for choice in ${kind//|/ }; do
    [[ ${value,,} != "${choice,,}" && ! $value =~ ${pattern[$choice]:-^$} ]] || return 0
  done
  [[ $kind != *'|'* ]] || usage_error "$where must be one of ${kind//|/, }, not '$value'"
  [[ ! -v demand[$kind] ]] || usage_error "$where ${demand[$kind]}, not '$value'"
}

# What is given besides flags, by the first word that the usage line has for it.
check_() { ((${#given_models[@]} == 0)) || usage_error "$1 takes flags only, not '${given_models[0]}'"; }

check_MODEL() {
  local model names=" ${model_names[*]} "
  ((${#given_models[@]} > 0)) || usage_error "$1: which model? Give an .onnx file or one of:${names% }"
  for model in "${given_models[@]}"; do
    [[ ! -d $model ]] || usage_error "$1: $model is a folder; give the .onnx file in it"
    [[ -e $model || $names == *" $model "* ]] ||
      usage_error "$1: there is no file $model, and no model has that name$(did_you_mean "$model" "${model_names[@]}")"
  done
}

check_RESULTS() {
  if [[ $positionals == *' PLOTS' ]]; then
    ((${#given_models[@]} == 2)) || usage_error "$1: give a folder of results and one for the pictures"
    given_models=("${given_models[0]}")
  fi
  check_folders "$1" 1 'one folder of results'
}

check_BEFORE() { check_folders "$1" 2 'two folders of results, BEFORE and AFTER'; }

check_folders() {
  local folder
  for folder in "${given_models[@]}"; do
    [[ -d $folder ]] || usage_error "$1: there is no folder $folder"
  done
  ((${#given_models[@]} == $2)) || usage_error "$1: give $3"
}

# did_you_mean WORD CANDIDATE...: "; did you mean CANDIDATE?" for the nearest by the edit distance of
# src/cli/suggest.h, or nothing. tests/run_test.py compares the two.
did_you_mean() {
  printf '%s\n' "$@" | awk '
    function min(a, b) { return a < b ? a : b }
    function distance(a, b, i, j, d, same) {
      for (i = 0; i <= length(a); i++) d[i, 0] = i
      for (j = 0; j <= length(b); j++) d[0, j] = j
      for (i = 1; i <= length(a); i++) {
        for (j = 1; j <= length(b); j++) {
          same = substr(a, i, 1) == substr(b, j, 1)
          d[i, j] = min(min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + !same)
          if (i > 1 && j > 1 && substr(a, i - 1, 2) == substr(b, j, 1) substr(b, j - 1, 1)) {
            d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
          }
        }
      }
      return d[length(a), length(b)]
    }
    NR == 1 {
      word = letters = $0
      sub(/^-*/, "", letters)
      nearest = int((length(letters) + 2) / 3) + 1
      next
    }
    { d = index($0, word) == 1 ? 1 : distance(word, $0) }
    d < nearest { nearest = d; best = $0 }
    END { if (best) printf "; did you mean %s?", best }'
}
