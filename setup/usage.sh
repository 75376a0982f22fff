# shellcheck shell=bash
# Checks a command line before anything is installed, with bash alone. Sourced after lib.sh.
#
# The help texts, src/cli/help/SUBCOMMAND.txt, are the one list of subcommands, flags and models:
#     "  --flag=VALUE   description"   a flag that takes a value; the kinds are in check_value
#     "  --flag         description"   a switch; refused when the description is "not built yet"
#     "#  --flag        description"   a flag that --help does not show
#     "    name name"                  names of models that can be generated
#     "Usage: ./dnnbench NAME RESULTS" the subcommand takes one folder, "NAME BEFORE AFTER" two

help_folder=$repository/src/cli/help

usage_error() {
  say "$*"
  exit 2
}

# show_help SUBCOMMAND
show_help() {
  local line
  while IFS= read -r line; do
    [[ $line == '#'* ]] || printf '%s\n' "$line"
  done <"$help_folder/$1.txt"
}

# read_help SUBCOMMAND: fills value_kind[--flag], description[--flag], model_names and takes_folders.
read_help() {
  declare -gA value_kind=() description=()
  model_names=()
  takes_folders=0
  local line folders='^Usage: [^ ]+ [a-z]+ (RESULTS|BEFORE AFTER) ' flag='^#?  (--[a-z0-9-]+)(=([^ ]+))?( +(.*))?$' models='^    [a-z0-9]'
  while IFS= read -r line; do
    if [[ $line =~ $flag ]]; then
      value_kind[${BASH_REMATCH[1]}]=${BASH_REMATCH[3]}
      description[${BASH_REMATCH[1]}]=${BASH_REMATCH[5]}
    elif [[ $line =~ $models ]]; then
      # shellcheck disable=SC2206 # the names of one line
      model_names+=($line)
    elif [[ $line =~ $folders ]]; then
      takes_folders=1
      [[ ${BASH_REMATCH[1]} != BEFORE* ]] || takes_folders=2
    fi
  done <"$help_folder/$1.txt"
  [[ $1 != run && $1 != selftest ]] || add_engines_without_help
}

# An engine that someone adds has a flag from the first moment: its folder's name.
add_engines_without_help() {
  local folder
  for folder in "$repository"/engines/*/; do
    folder=${folder%/}
    folder=${folder##*/}
    [[ -v value_kind[--$folder] ]] || value_kind[--$folder]=''
    [[ -v description[--$folder] ]] || description[--$folder]=''
  done
}

# check_usage SUBCOMMAND ARGUMENT...: ends the program with one sentence when something is wrong;
# else fills given_flags and given_models.
check_usage() {
  local subcommand=$1 flag
  shift
  read_help "$subcommand"
  given_flags=()
  given_models=()
  while (($# > 0)); do
    case $1 in
      -h | --help)
        show_help "$subcommand"
        exit 0
        ;;
      -*)
        flag=${1%%=*}
        check_flag "$subcommand" "$@"
        given_flags+=("$flag")
        [[ -z ${value_kind[$flag]} || $1 == *=* ]] || shift
        ;;
      *) given_models+=("$1") ;;
    esac
    shift
  done
  check_models "$subcommand"
}

# check_flag SUBCOMMAND --flag[=VALUE] [NEXT ARGUMENT...]
check_flag() {
  local program="dnnbench $1" flag=${2%%=*} value
  [[ -v value_kind[$flag] ]] ||
    usage_error "$program: unknown flag $flag$(did_you_mean "$flag" "${!value_kind[@]}")"
  [[ ${description[$flag]} != 'not built yet'* ]] || usage_error "$program: $flag is not built yet"
  if [[ -z ${value_kind[$flag]} ]]; then
    [[ $2 != *=* ]] || usage_error "$program: $flag takes no value"
    return
  fi
  if [[ $2 == *=* ]]; then value=${2#*=}; else value=${3:-}; fi
  [[ -n $value && ($2 == *=* || $value != --*) ]] ||
    usage_error "$program: $flag needs a value: $flag=${value_kind[$flag]}"
  check_value "$program: $flag" "${value_kind[$flag]}" "$value"
}

# check_value WHERE KIND VALUE
check_value() {
  local where=$1 kind=$2 value=$3
  case $kind in
    COUNT) [[ $value =~ ^[1-9][0-9]{0,8}$ ]] || usage_error "$where must be a whole number from 1, not '$value'" ;;
    N) [[ $value =~ ^[0-9]{1,16}$ ]] || usage_error "$where must be a whole number from 0, not '$value'" ;;
    SECONDS)
      [[ $value =~ ^([0-9]+\.?|[0-9]*\.[0-9]+)$ && ($value == *[1-9]* || $where == *' --tune-budget') ]] ||
        usage_error "$where must be a number of seconds above 0, not '$value'"
      ;;
    PER_SECOND | USD)
      [[ $value =~ ^([0-9]+\.?|[0-9]*\.[0-9]+)$ && $value == *[1-9]* ]] ||
        usage_error "$where must be a number above 0, not '$value'"
      ;;
    FRACTION)
      [[ $value =~ ^0?(\.[0-9]+)?$ ]] || usage_error "$where must be a number from 0 to below 1, not '$value'"
      ;;
    *'|'*)
      [[ "|$kind|" == *"|$value|"* ]] || usage_error "$where must be one of ${kind//|/, }, not '$value'" ;;
    FILE) [[ -f $value ]] || usage_error "$where: there is no file $value" ;;
    FOLDER) [[ -d $value ]] || usage_error "$where: there is no folder $value" ;;
    NAME=DIMS)
      [[ $value =~ ^.+=[0-9]+(,[0-9]+)*$ ]] || usage_error "$where must look like images=1,3,320,320, not '$value'" ;;
    NAME=*) [[ $value == ?*=?* ]] || usage_error "$where must look like $kind, not '$value'" ;;
  esac
}

check_models() {
  local program="dnnbench $1" model
  if ((takes_folders > 0)); then
    check_folders "$program"
    return 0
  fi
  if ((${#model_names[@]} == 0)); then
    ((${#given_models[@]} == 0)) || usage_error "$program: what is '${given_models[0]}'? It takes flags only"
    return 0
  fi
  ((${#given_models[@]} > 0)) || usage_error "$program: which model? Give an .onnx file or one of: ${model_names[*]}"
  for model in "${given_models[@]}"; do
    [[ ! -d $model ]] || usage_error "$program: $model is a folder; give the .onnx file in it"
    [[ -e $model ]] || is_one_of "$model" "${model_names[@]}" ||
      usage_error "$program: there is no file $model, and no model has that name$(did_you_mean "$model" "${model_names[@]}")"
  done
}

# check_folders WHERE
check_folders() {
  local folder words=('one folder' 'two folders')
  ((${#given_models[@]} > 0)) || usage_error "$1: which folder of results?"
  ((${#given_models[@]} <= takes_folders)) ||
    usage_error "$1: ${words[takes_folders - 1]} of results, please: what is '${given_models[takes_folders]}'?"
  for folder in "${given_models[@]}"; do
    [[ -d $folder ]] || usage_error "$1: there is no folder $folder"
  done
  ((${#given_models[@]} == takes_folders)) || usage_error "$1: compare ${given_models[0]} with which folder of results?"
}

is_one_of() {
  local word=$1 other
  shift
  for other in "$@"; do
    [[ $word != "$other" ]] || return 0
  done
  return 1
}

# did_you_mean WORD CANDIDATE...: "; did you mean CANDIDATE?" for the nearest, or nothing.
did_you_mean() {
  local word=$1 candidate distance best='' best_distance
  best_distance=$((${#word} / 3 + 2)) # as far as that is no misspelling
  shift
  for candidate in "$@"; do
    distance=$(edit_distance "$word" "$candidate")
    [[ $candidate != "$word"* ]] || distance=1
    if ((distance < best_distance)); then
      best=$candidate
      best_distance=$distance
    fi
  done
  [[ -z $best ]] || printf '; did you mean %s?' "$best"
}

# Levenshtein's, one row at a time.
edit_distance() {
  local a=$1 b=$2 i j left diagonal above
  local row=()
  for ((j = 0; j <= ${#b}; j++)); do row[j]=$j; done
  for ((i = 1; i <= ${#a}; i++)); do
    diagonal=${row[0]}
    row[0]=$i
    for ((j = 1; j <= ${#b}; j++)); do
      left=$((row[j - 1] + 1))
      above=$((row[j] + 1))
      [[ ${a:i-1:1} == "${b:j-1:1}" ]] || diagonal=$((diagonal + 1))
      ((left > above)) && left=$above
      ((left > diagonal)) && left=$diagonal
      diagonal=${row[j]}
      row[j]=$left
    done
  done
  echo "${row[${#b}]}"
}
