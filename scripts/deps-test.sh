#!/bin/bash
# deps-test.sh: what deps.sh decides on systems that this one is not, with apt and dpkg played by scripts. No network.
set -uo pipefail
cd "$(dirname "$0")/.."
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
mkdir "$box/bin" "$box/apt"
for tool in bash env sed grep sort head tail tr mktemp rm tee cat; do ln -s "$(command -v $tool)" "$box/bin/"; done
fake() { printf '#!/bin/bash\n%s\n' "$2" >"$1" && chmod +x "$1"; }

# installed and known: one package a line; installed has the version after it. calls: what apt-get was asked.
fake "$box/bin/dpkg-query" 'f=$3; shift 3
for p in "$@"; do while read -r name version; do
  [[ $name == $p ]] || continue
  case $f in *Version*) echo "installed $version" ;; *) echo installed ;; esac
done <"$BOX/installed"; done'
fake "$box/apt/apt-cache" 'case $1 in
pkgnames) cat "$BOX/known" ;;
policy) if grep -qx -- "$2" "$BOX/known"; then echo "  Candidate: 1.0"; else echo "  Candidate: (none)"; fi ;;
esac'
fake "$box/apt/apt-get" 'case " $* " in *" indextargets "*) cat "$BOX/sources"; exit ;; esac
echo "$*" >>"$BOX/calls"
[ ! -f "$BOX/broken" ] || case " $* " in *" install "*) echo "E: held broken packages"; exit 100 ;; esac'
fake "$box/bin/id" 'cat "$BOX/uid"'

# system ID VERSION CODENAME [LIKE]: a fresh one where nothing is installed and apt knows every name.
system() {
  printf 'ID=%s\nVERSION_ID="%s"\nVERSION_CODENAME=%s\nID_LIKE="%s"\nPRETTY_NAME="%s %s"\n' "$1" "$2" "$3" "${4:-}" "$1" "$2" >"$box/os"
  rm -f "$box/calls" "$box/broken"
  : >"$box/installed" && : >"$box/calls"
  # What the lists name, and two generations of the installer.
  sed -n '/^run=(/,/^bench=(/p' scripts/deps.sh | tr -d "()'?" | tr ' =' '\n\n' | grep -E '^[a-z]' | grep -vxE 'run|test|bench|.*\*.*' | sort -u >"$box/known"
  printf '%s\n' debian-installer-9-netboot-amd64 debian-installer-13-netboot-amd64 >>"$box/known"
  printf '%s\n' 'bookworm-backports bookworm-backports' >"$box/sources"
  echo 0 >"$box/uid"
  path=$box/bin:$box/apt
}
deps() { said=$(BOX=$box OS_RELEASE=$box/os PATH=$path bash scripts/deps.sh "$@" 2>&1); code=$?; }
calls() { cat "$box/calls"; }

passed=0 failed=0
# check NAME CONDITION…: a condition is CODE=N, SAYS=…, QUIET, CALLS=… or NOCALLS=… (patterns of grep).
check() {
  local name=$1 c bad=()
  shift
  for c in "$@"; do
    case $c in
    CODE=*) [ "$code" = "${c#*=}" ] ;;
    QUIET) [ -z "$said" ] ;;
    SAYS=*) grep -q -- "${c#*=}" <<<"$said" ;;
    CALLS=*) calls | grep -q -- "${c#*=}" ;;
    NOCALLS=*) ! calls | grep -q -- "${c#*=}" ;;
    esac || bad+=("$c")
  done
  if [ ${#bad[@]} = 0 ]; then passed=$((passed + 1)); return; fi
  failed=$((failed + 1))
  printf 'FAILED %s: %s\n  exit %s, said:\n%s\n  apt-get:\n%s\n' "$name" "${bad[*]}" "$code" "$said" "$(calls)"
}

system fedora 43 '' && path=$box/bin && deps run
check "no apt: the list in words" CODE=3 SAYS='GTK 4.8 or later' SAYS='netboot images' NOCALLS=.
system void '' '' && deps run
check "apt, but no kin of Debian" CODE=3 SAYS='your distribution has its own names' NOCALLS=.
system ubuntu 22.04 jammy debian && deps run
check "an Ubuntu that is too old" CODE=3 SAYS='ubuntu 22.04 has no GTK 4.8' NOCALLS=.
system debian 11 bullseye && deps run
check "a Debian that is too old" CODE=3 SAYS='debian 11 has no GTK 4.8' NOCALLS=.

system debian 12 bookworm && deps run test
check "plain Debian 12" CODE=0 CALLS='update' CALLS='install .*libgtk-4-dev' CALLS='debian-installer-13-netboot-amd64' \
  NOCALLS='backports' NOCALLS='installer-9'
system debian 13 trixie && deps run
check "Debian 13, to run only" CODE=0 CALLS='install .*libvirt-dev' NOCALLS='xvfb'
system debian '' forky && deps run
check "Debian testing, which has no number" CODE=0 CALLS='install .*libgtk-4-dev'
system ubuntu 24.04 noble debian && deps run
check "Ubuntu 24.04" CODE=0 CALLS='install .*libgtk-4-dev'
system linuxmint 22 wilma 'ubuntu debian' && deps run
check "a derivative" CODE=0 SAYS='was never tried' CALLS='install .*libgtk-4-dev'

system debian 12 bookworm && echo 'qemu-utils 1:10.0.2+ds-1~bpo12+1' >"$box/installed" && deps run
check "Debian 12 with qemu-utils of backports" CODE=0 CALLS='install .*-t bookworm-backports .*libgtk-4-dev .*qemu-system-x86' NOCALLS='qemu-utils'
system debian 13 trixie && echo 'qemu-utils 1:10.0.2+ds-1~bpo12+1' >"$box/installed" && deps run
check "Debian 13 upgraded from such a one" CODE=0 NOCALLS='backports'

system debian 12 bookworm && sed 's/$/ 1.0/' "$box/known" >"$box/installed" && deps run test
check "everything is there" CODE=0 QUIET NOCALLS=.
system ubuntu 24.04 noble debian && sed -i '/^debian-installer/d' "$box/known" && echo linux-image-virtual >>"$box/known" && deps test
check "Ubuntu has no installer images: a kernel" CODE=0 CALLS='install .*linux-image-virtual' NOCALLS='debian-installer'
grep -v ^linux "$box/known" | sed 's/$/ 1.0/' >"$box/installed" && echo 'linux-modules-6.8.0-31-generic 1.0' >>"$box/installed"
: >"$box/calls" && deps test
check "…but not beside the one that is there" CODE=0 QUIET NOCALLS=.
system ubuntu 24.04 noble debian && sed -i '/^debian-installer/d' "$box/known" && deps test
check "neither images nor a kernel" CODE=0 SAYS='no package debian-installer-\*-netboot-amd64' CALLS='install .*xvfb'
sed 's/$/ 1.0/' "$box/known" >"$box/installed" && : >"$box/calls" && deps test
check "…and again, with the rest there" CODE=0 SAYS='not to be had' NOCALLS=.
system debian 13 trixie && sed -i '/^libadwaita-1-dev$/d' "$box/known" && deps run
check "a needed name that apt doesn't know" CODE=1 SAYS='no package libadwaita-1-dev here' CALLS='install .*libgtk-4-dev' NOCALLS='libadwaita'
system debian 12 bookworm && touch "$box/broken" && deps run
check "apt fails" CODE=1 SAYS='held broken packages' SAYS='apt-get install failed'

system debian 12 bookworm && echo 1000 >"$box/uid" && deps run
check "an ordinary user without sudo" CODE=1 SAYS='as root run' SAYS='apt-get install .*libgtk-4-dev' NOCALLS='install'
system debian 12 bookworm && echo 1000 >"$box/uid" && deps test
check "…is told real names" SAYS='debian-installer-13-netboot-amd64'
fake "$box/bin/sudo" 'exit 1'
system debian 12 bookworm && echo 1000 >"$box/uid" && deps run
check "an ordinary user whom sudo refuses" CODE=1 SAYS='as root run' SAYS='apt-get install .*libgtk-4-dev' NOCALLS='install'
fake "$box/bin/sudo" 'while [[ $1 == -* ]]; do shift; done; [ $# = 0 ] || exec "$@"'
ln -s "$(command -v true)" "$box/bin/"
system debian 12 bookworm && echo 1000 >"$box/uid" && deps run
check "an ordinary user with sudo" CODE=0 CALLS='install .*libgtk-4-dev'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
