# Every command of the course; `make help` lists them. Each milestone also
# builds by itself: make -C milestone3_poll
.DEFAULT_GOAL := help

MILESTONES := milestone1_blocking milestone2_framing milestone3_poll \
  milestone4_pipelining milestone5_epoll milestone6_persistence

# The folder of milestone N, and what its server is started with.
folder = $(filter milestone$(1)_%,$(MILESTONES))
NEIGHBOUR = $(shell expr $(M) - 1)
FLAGS.6 := --dir data
PORT.6 := 6379
port = $(or $(PORT.$(1)),7379)

# As many compilers at once as there are processors, unless -j says otherwise.
PROCESSORS := $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
ifeq ($(filter -j% --jobs%,$(MAKEFLAGS)),)
MAKEFLAGS += --jobs=$(PROCESSORS)
endif

SOURCES = $(shell git ls-files -co --exclude-standard '*.cpp' '*.h')

.PHONY: help
help:
	@echo 'The store, as it is at the end of the course'
	@echo '  make run            build it and run it on port 6379, files in data/'
	@echo '  make client         talk to it (or use redis-cli)'
	@echo '  make install        klh-server and klh-client to /usr/local (PREFIX=, DESTDIR=)'
	@echo
	@echo 'The course (M is a milestone, 1 to 6)'
	@echo '  make tour           all of it in a minute: what each can, what breaks'
	@echo '  make run M=3        run the server of milestone 3 on port 7379'
	@echo '  make client M=3     talk to it'
	@echo '  make diff M=3       what milestone 3 changes in milestone 2'
	@echo '  make trace M=3      run the server of milestone 3, show system calls'
	@echo
	@echo 'Your own version, in workshop/'
	@echo '  make start M=3      copy milestone 2 there: where milestone 3 starts'
	@echo '  make check M=3      build it and put it to the tests of milestone 3'
	@echo '  make compare M=3    what is different from the milestone 3 of the course'
	@echo '  make test M=3 SERVER=path   the same tests, any program in any language'
	@echo
	@echo 'The tests'
	@echo '  make test           all of them'
	@echo '  make test M=3       those of one milestone'
	@echo '  make matrix         the table: capability by milestone'
	@echo '  make asan           all tests, with AddressSanitizer and UBSan'
	@echo '  make tsan           those of what has threads, with ThreadSanitizer'
	@echo '  make fuzz           each parser against random input, for a minute'
	@echo '  make bench          CPU time a request, beside redis-server'
	@echo '  make abuse          what one waits while others abuse the server, likewise'
	@echo '  make crash          what kills, power failures and damage cost, likewise'
	@echo
	@echo 'The sources'
	@echo '  make build          everything; VARIANT=asan or tsan with a sanitizer'
	@echo '  make clang          everything and the tests by clang++, without a warning'
	@echo '  make format         lay them out; check-format only looks'
	@echo '  make tidy           what clang-tidy has to say'
	@echo '  make check-layout   do includes run one way?'
	@echo '  make check-install  install to a scratch directory, and run what is there'
	@echo '  make clean          remove what was built'

# --- build ---

.PHONY: build $(MILESTONES)
build: $(MILESTONES)
$(MILESTONES):
	@$(MAKE) --no-print-directory -C $@

.PHONY: clean
clean:
	@for each in $(MILESTONES) tests tests/fuzz; do \
	  $(MAKE) --no-print-directory -C $$each clean; done

.PHONY: install uninstall
install uninstall:
	@$(MAKE) --no-print-directory -C $(call folder,6) $@

# --- run ---

.PHONY: run client trace tour
run client trace: M ?= 6
run: require-milestone
	@$(MAKE) --no-print-directory -s -C $(call folder,$(M))
	@echo
	@echo 'In another terminal:  make client$(if $(filter-out 6,$(M)), M=$(M))'
	@$(if $(filter 6,$(M)),echo 'or any Redis client:  redis-cli')
	@echo 'Control-C ends it$(if $(filter 6,$(M)), and saves all keys to data/).'
	@echo
	@exec $(call folder,$(M))/server --port $(call port,$(M)) $(FLAGS.$(M))

client: require-milestone
	@$(MAKE) --no-print-directory -s -C $(call folder,$(M))
	@exec $(call folder,$(M))/client --port $(call port,$(M))

TRACED := network,read,write,poll,ppoll,epoll_wait,epoll_pwait,epoll_ctl
TRACED := $(TRACED),openat,fsync,fdatasync,rename,renameat,unlinkat,close
trace: require-milestone
	@command -v strace >/dev/null || \
	  { echo 'make trace needs strace: apt-get install strace'; exit 1; }
	@$(MAKE) --no-print-directory -s -C $(call folder,$(M))
	@echo 'In another terminal:  make client M=$(M)'
	@exec strace -e trace=$(TRACED) -e signal=none -s 48 \
	  $(call folder,$(M))/server --port $(call port,$(M)) $(FLAGS.$(M))

tour:
	@$(MAKE) --no-print-directory -s build
	@sh docs/tour.sh

# --- follow along ---

.PHONY: diff start check compare
# Of two folders, the sources only.
define show_difference
  diff -u -N -r --exclude='build*' --exclude=server --exclude=client \
    $$(test -t 1 && echo --color=always) $(1) $(2) | sed '/^diff /d'
endef
diff: require-neighbour
	@$(call show_difference,$(call folder,$(NEIGHBOUR)),$(call folder,$(M)))

start: require-neighbour
	@test ! -e workshop || \
	  { echo 'workshop/ is there already: move or remove it first'; exit 1; }
	@cp -R $(call folder,$(NEIGHBOUR)) workshop
	@$(MAKE) --no-print-directory -s -C workshop clean
	@echo 'workshop/ is milestone $(NEIGHBOUR). Make it milestone $(M), then: make check M=$(M)'

check: require-milestone
	@$(MAKE) --no-print-directory -C workshop
	@$(MAKE) --no-print-directory -C tests test M=$(M) SERVER=$(CURDIR)/workshop/server

compare: require-milestone
	@$(call show_difference,workshop,$(call folder,$(M)))

.PHONY: require-milestone require-neighbour
require-milestone:
	@test -n '$(call folder,$(or $(M),none))' || \
	  { echo 'which milestone? M=1 to M=6'; exit 1; }
require-neighbour: require-milestone
	@test '$(M)' -gt 1 || { echo 'nothing comes before milestone 1'; exit 1; }

# --- test ---

.PHONY: test matrix asan tsan fuzz bench abuse crash
test matrix:
	@$(MAKE) --no-print-directory -C tests $@

asan:
	@$(MAKE) --no-print-directory -C tests test VARIANT=asan

tsan:
	@$(MAKE) --no-print-directory -C tests tsan

fuzz:
	@$(MAKE) --no-print-directory -C tests/fuzz run SECONDS=$(or $(SECONDS),60)

bench:
	@$(MAKE) --no-print-directory -C milestone6_persistence
	@sh tests/bench/cpu_per_request.sh

abuse:
	@$(MAKE) --no-print-directory -C milestone6_persistence
	@$(MAKE) --no-print-directory -C tests build/abuse_test
	@sh tests/bench/abuse.sh $(RUNS)

crash:
	@$(MAKE) --no-print-directory -C milestone6_persistence
	@$(MAKE) --no-print-directory -C tests build/crash_test
	@sh tests/bench/crash.sh $(ROUNDS)

# --- sources ---

.PHONY: clang check-layout check-install
clang:
	@command -v clang++ > /dev/null || \
	  { echo 'make clang needs clang++: apt-get install clang'; exit 1; }
	@$(MAKE) --no-print-directory build VARIANT=clang
	@$(MAKE) --no-print-directory -C tests programs VARIANT=clang
check-layout:
	@sh tests/check-layout.sh
check-install:
	@sh tests/check-install.sh

.PHONY: format check-format tidy
format:
	@clang-format -i $(SOURCES)
check-format:
	@clang-format --dry-run -Werror $(SOURCES)
tidy:
	@command -v clang-tidy > /dev/null || \
	  { echo 'make tidy needs clang-tidy: apt-get install clang-tidy'; exit 1; }
	@printf '%s\n' $(filter-out tests/% %kqueue.cpp %.h,$(SOURCES)) | \
	  xargs -P $(PROCESSORS) -I {} sh -c 'clang-tidy --quiet --warnings-as-errors="*" {} -- \
	  -std=c++20 -I. -I$$(dirname {} | cut -d/ -f1) 2>/dev/null'
