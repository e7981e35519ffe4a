# The verbs. `make help` lists them; each calls cargo or one script.
.PHONY: help setup run demo shell redox test test-redox check model loom soak corpus bench bench-instructions bench-guest fuzz train-tables clean
.DEFAULT_GOAL := help

QEMU := cargo run --package qemu --

help: ## list the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

setup: ## look for QEMU and cc, and install them where that needs no password (NO_INSTALL=anything: never)
	@sh tests/qemu/setup.sh

run: setup ## boot the image and run a program larger than the machine (MEM=256 CPUS=2 CORPUS=FILE CONF=FILE)
	@$(QEMU) demo

demo: run ## the same as run

shell: setup ## boot the same image with a prompt (MEM=256 CPUS=2 CONF=FILE, or CONF=none: no swap at first)
	@$(QEMU) shell

redox: setup ## boot the image of make shell on your own Redox kernel (REDOX_KERNEL=FILE MEM=256 CPUS=1)
	@$(QEMU) redox

test-redox: setup ## run the tests that need a Redox kernel (REDOX_KERNEL=FILE)
	@$(QEMU) test-redox

test: setup ## run every test, on the host and under QEMU; the last line counts them
	@$(QEMU) test

check: ## format, lints and docs; warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --exclude model --all-targets -- --deny warnings
	@# Apart, because a crate under its checker would link std into the freestanding programs.
	cargo clippy --package model --all-targets -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --document-private-items

model: ## explore the lifecycle in every order, and show the races that Linux had (some minutes)
	@cargo run --release --package model

loom: ## explore every interleaving of the hand-made locks and words
	RUSTFLAGS="--cfg loom" cargo test --target-dir target/loom --release --package zramd --lib interleavings
	RUSTFLAGS="--cfg loom" cargo test --target-dir target/loom --release --package zram --test loom
	RUSTFLAGS="--cfg loom" cargo test --target-dir target/loom --release --package swap-pager --lib interleavings

soak: setup ## storms for longer, machines of all sizes (SECONDS=300 SEED=N); or only some (MEM=128,2048 CPUS=1 SAMPLE=usual,random,half; HOSTILE=1..9)
	@$(QEMU) soak

corpus: ## take a new sample of real pages into target/corpus
	@$(QEMU) corpus

fuzz: ## run 10 million damaged blocks through a decoder (TARGET=pagelz COUNT=N SEED=N)
	@cargo run --release --package fuzz -- $(or $(TARGET),decoder) $(or $(COUNT),10000000) $(SEED)

bench: ## compare codecs, the engine and the local Linux zram (as root), in one run (CORPUS=FILE ROUNDS=N)
	@cargo run --release --package bench

bench-instructions: ## count instructions a page with valgrind, which no noise can blur (CORPUS=FILE)
	@cargo run --release --package bench -- instructions

bench-guest: setup ## measure the path of a page in the guest, with 1 and 2 CPUs (COUNTED=1: one boot, instructions only)
	@$(QEMU) bench-guest

train-tables: ## make the tables of codes of pagelz anew (CORPUS="FILE-OR-FOLDER...")
	@cargo build --quiet --release --package train
	@target/release/train $(CORPUS) > target/tables.rs
	@mv target/tables.rs drivers/zram/src/zcomp/pagelz/coded/tables.rs

clean: ## remove everything that was built
	cargo clean
