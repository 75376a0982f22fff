#!/usr/bin/env bash
# The step of action.yml: runs the gate, writes the table into the job's summary, and says in one line
# what the exit status means. MODELS, VERSUS, AGAINST, FAIL_ABOVE, FLAGS and OUTPUT are the action's inputs.
# shellcheck source=setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# shellcheck disable=SC2153 # MODELS and FLAGS come from the action
read -rd "" -a models <<<"$MODELS" || true # true: it ends at the end of the text
# shellcheck disable=SC2153
read -rd "" -a flags <<<"$FLAGS" || true
[[ -z $VERSUS ]] || flags+=("--versus=$VERSUS")
[[ -z $AGAINST ]] || flags+=("--against=$AGAINST")
status=0
table=$("$repository/dnnbench" run "${models[@]}" "${flags[@]}" \
  --fail-above="$FAIL_ABOVE" --output="$OUTPUT") || status=$?

printf '%s\n' "$table"
# shellcheck disable=SC2016 # Markdown's marks
printf '```\n%s\n```\n' "$table" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
echo "status=$status" >>"${GITHUB_OUTPUT:-/dev/null}"
case $status in
  0) ;;
  1) echo "::error::not slower, but an engine has no figure; the lines under the table say why" ;;
  3) echo "::error::slower than before by more than $FAIL_ABOVE" ;;
  5) echo "::error::whether it is slower by more than $FAIL_ABOVE is undecided; the lines under the table say why" ;;
  *) echo "::error::the gate could not be run: dnnbench ended with status $status (its reason is above)" ;;
esac
exit "$status"
