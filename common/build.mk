# How every program of the course is built. A folder's Makefile sets
#   SERVER, CLIENT   the sources of its two programs, relative to the folder
# and includes this file. Objects and the dependency files that the compiler
# writes (-MMD) go to build/, the programs stand beside their sources.
#
#   make                     ./server and ./client
#   make VARIANT=asan        build-asan/server …, AddressSanitizer and UBSan
#   make VARIANT=tsan        build-tsan/server …, ThreadSanitizer
#   make VARIANT=clang       build-clang/server …, by clang++, no warning allowed
#   make V=1                 shows the commands
#
# CXX, CPPFLAGS, CXXFLAGS, LDFLAGS and LDLIBS are taken from the environment or
# the command line; make clean first when they change.

VARIANT ?=
BUILD := build$(addprefix -,$(VARIANT))
BIN := $(if $(VARIANT),$(BUILD)/,)

SANITIZE.asan := -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZE.tsan := -fsanitize=thread
ifeq ($(VARIANT),clang)
CXX := clang++
WARNINGS := -Werror
endif
OPTIMIZE ?= -O2
CXXFLAGS ?= -g
ALL_CXXFLAGS := -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
  $(WARNINGS) $(OPTIMIZE) $(CXXFLAGS) -fno-omit-frame-pointer $(SANITIZE.$(VARIANT)) \
  -I. -I..

# One short line for each step; V=1 shows the commands themselves.
QUIET := $(if $(V),,@)
COMPILE = $(QUIET)mkdir -p $(@D); $(if $(V),,echo "  c++ $<"; )\
  $(CXX) $(CPPFLAGS) $(ALL_CXXFLAGS) -MMD -MP -c $< -o $@
LINK = $(QUIET)$(if $(V),,echo "  link $(notdir $(CURDIR))/$@"; )\
  $(CXX) $(ALL_CXXFLAGS) $(LDFLAGS) $^ $(LIBRARIES) $(LDLIBS) -o $@

# build/ mirrors the tree: ../common/net.cpp becomes build/common/net.o
object = $(patsubst %.cpp,$(BUILD)/%.o,$(patsubst ../%,%,$(1)))

.PHONY: all clean
all: $(BIN)server $(BIN)client

$(BIN)server: $(call object,$(SERVER))
$(BIN)client: $(call object,$(CLIENT))
$(BIN)client: LIBRARIES = $(CLIENT_LIBRARIES)
$(BIN)server $(BIN)client:
	$(LINK)

$(BUILD)/common/%.o: ../common/%.cpp
	$(COMPILE)
$(BUILD)/%.o: %.cpp
	$(COMPILE)

-include $(patsubst %.o,%.d,$(call object,$(SERVER) $(CLIENT)))

clean:
	$(RM) -r build build-* server client
