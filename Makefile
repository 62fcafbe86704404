# Drover. The two commands: `make run` and `make test`.
PREFIX ?= /usr/local
DESTDIR ?=
ID := io.github.drover.Drover
TARGET := $(or $(CARGO_TARGET_DIR),target)
SHARE := $(DESTDIR)$(PREFIX)/share

.PHONY: help run test bench check deps deps-test deps-bench po install uninstall clean

help:
	@echo "make run      install the system packages that are missing, build, open the window (ARGS=… for its options)"
	@echo "make test     install what the tests need, run all of them"
	@echo "make check    formatting, lints, documentation, translations: what CI checks besides the tests"
	@echo "make bench    measure, beside virt-manager"
	@echo "make po       take new strings into po/"
	@echo "make install  PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)"

deps:
	@scripts/deps.sh run
deps-test:
	@scripts/deps.sh run test
deps-bench:
	@scripts/deps.sh run test bench

run: deps
	@scripts/run.sh $(ARGS)

test: deps-test
	@scripts/test.sh

check: deps-test
	@scripts/check.sh

bench: deps-bench
	@benches/run.sh

po:
	@scripts/po-update.sh

# Expects `cargo build --release --workspace` to have been run.
install:
	install -Dm755 -t $(DESTDIR)$(PREFIX)/bin $(TARGET)/release/drover $(TARGET)/release/droverctl
	install -Dm644 -t $(SHARE)/applications resources/$(ID).desktop
	install -Dm644 -t $(SHARE)/metainfo resources/$(ID).metainfo.xml
	install -Dm644 -t $(SHARE)/icons/hicolor/scalable/apps resources/icons/scalable/apps/$(ID).svg
	install -Dm644 -t $(SHARE)/icons/hicolor/symbolic/apps resources/icons/symbolic/apps/$(ID)-symbolic.svg
	install -d $(SHARE)/dbus-1/services
	sed 's#@bindir@#$(PREFIX)/bin#' resources/$(ID).service.in > $(SHARE)/dbus-1/services/$(ID).service
	scripts/mo.sh $(SHARE)/locale

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/drover $(DESTDIR)$(PREFIX)/bin/droverctl
	rm -f $(SHARE)/applications/$(ID).desktop $(SHARE)/metainfo/$(ID).metainfo.xml $(SHARE)/dbus-1/services/$(ID).service
	rm -f $(SHARE)/icons/hicolor/scalable/apps/$(ID).svg $(SHARE)/icons/hicolor/symbolic/apps/$(ID)-symbolic.svg
	rm -f $(SHARE)/locale/*/LC_MESSAGES/drover.mo

clean:
	cargo clean
