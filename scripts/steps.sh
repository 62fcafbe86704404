# steps.sh (to be sourced): named steps that are quiet when they pass, tell why when they don't, and are counted.
# A step that ran Rust tests counts as its tests, any other as one.
PASSED=0 FAILED=0 FAILED_STEPS=()
LOGS=${CARGO_TARGET_DIR:-target}/logs
mkdir -p "$LOGS"

# count PASSED FAILED
count() { PASSED=$((PASSED + $1)) FAILED=$((FAILED + $2)); }

# record NAME EXIT_CODE SECONDS LOG: counts a step that has ended.
record() {
  local name=$1 code=$2 seconds=$3 log=$4 passed failed
  read -r passed failed < <(awk '/^test result:/ { p += $4; f += $6 } END { print p + 0, f + 0 }' "$log")
  if [ "$code" = 0 ]; then
    [ $((passed + failed)) -gt 0 ] || passed=1
  elif [ "$failed" = 0 ]; then
    failed=1
  fi
  count "$passed" "$failed"
  if [ "$code" = 0 ]; then
    printf 'ok      %-28s %4s s  %s\n' "$name" "$seconds" "$([ "$passed" = 1 ] || echo "$passed tests")"
    grep -hE '^(measured|skipped): ' "$log" | sort -u | head -20 | sed 's/^/          /' || true
  else
    FAILED_STEPS+=("$name")
    printf 'FAILED  %-28s %4s s  (exit %s; whole log: %s)\n' "$name" "$seconds" "$code" "$log"
    { grep -vE '^( *Compiling| *Downloaded| *Checking|test .* \.\.\. ok$)' "$log" || true; } | tail -80 | sed 's/^/    | /'
  fi
}

# step NAME CMD…
step() {
  local name=$1 log code=0 from=$SECONDS
  shift
  log=$LOGS/${name//[^A-Za-z0-9]/-}.log
  "$@" >"$log" 2>&1 </dev/null || code=$?
  record "$name" $code $((SECONDS - from)) "$log"
  return 0
}

# skip NAME WHY: not run here. In CI (CI=true) nothing may be skipped.
skip() {
  if [ "${CI:-}" = true ]; then
    count 0 1
    FAILED_STEPS+=("$1")
    echo "FAILED  $1: CI must run it: $2"
  else
    echo "skipped: $1: $2"
  fi
}

# total [NAME]: the last line; its exit code is the run's.
total() {
  [ ${#FAILED_STEPS[@]} = 0 ] || echo "failed: ${FAILED_STEPS[*]}"
  echo "$PASSED passed, $FAILED failed"
  [ "$FAILED" = 0 ]
}
