# The paper's figures: make fig2, make figures, make list-figures, make report.
#
#   PROFILE=quick (default)  small groups and small networks, minutes for all of it
#   PROFILE=large            its groups and network, at rates that grok in thousands of steps; hours
#   PROFILE=paper            its settings; days on a small machine
#   FIGURES="3 11"           of make figures and make report: only these
#
# The values are in pipelines/figures/PROFILE, the rules by theme in pipelines/figures/rules, and what is made in
# build/figures/PROFILE: a picture (PNG, SVG), its table, and its numbers.
#
# A step is a command and the files it makes. What it depends on is read off the command: files
# below $(F) (a folder ends in /), gk tools, and scripts below pipelines. The command itself is kept
# in $(F)/.made, and a step is due again when it changes: so a value rebuilds what uses it and
# nothing else. Tools count by their content, since all are linked anew when the library changes.
# A text for people is named in a command as text:VARIABLE, so that none of it is taken for make's or
# for a file.
include pipelines/given.mk
PROFILE ?= quick
FIG ?= $(BUILD)/figures/$(PROFILE)
F = $(FIG)
PROFILE_CONF := $(wildcard pipelines/figures/$(PROFILE)/*.conf)
$(if $(PROFILE_CONF),,$(error no profile $(PROFILE): pipelines/figures/$(PROFILE) has no .conf))
include $(PROFILE_CONF)

# As many tasks at a time as the profile says, unless -j does.
FIGURE_GOALS := $(filter fig% report,$(MAKECMDGOALS))
ifneq ($(and $(FIGURE_GOALS),$(if $(filter -j%,$(MAKEFLAGS)),,y)),)
MAKEFLAGS += -j$(TASKS)
endif

TOOL_SUMS := $(BUILD)/sums
$(TOOL_SUMS)/%: $(BIN)/%
	@mkdir -p $(@D)
	@cksum < $< | cmp -s - $@ || cksum < $< > $@

# What a command names: its words without redirections, pipes, separators and quotes.
named = $(subst >, ,$(subst <, ,$(subst |, ,$(subst ;, ,$(subst ', ,$(1))))))
filled = $(foreach w,$(1),$(if $(filter text:%,$w),$(call quoted,$($(w:text:%=%))),$w))
same = $(and $(findstring _$(1)_,_$(2)_),$(findstring _$(2)_,_$(1)_))
kept_in = $(F)/.made/$(subst /,~,$(1:$(F)/%=%))

# $(eval $(call step,TARGETS,COMMAND,[MORE PREREQUISITES])), all below $(F).
define step
COMMAND_$(firstword $(1)) := $(strip $(2))
$(1) $(if $(word 2,$(1)),&:,:) $(filter-out $(1) %/,$(filter $(F)/%,$(call named,$(2)))) \
    $(patsubst %,$(TOOL_SUMS)/%,$(filter gk-%,$(call named,$(2)))) $(filter pipelines/%,$(call named,$(2))) $(3) \
    $(if $(call same,$(strip $(call filled,$(2))),$(strip $(file <$(call kept_in,$(firstword $(1)))))),,FORCE)
	$$(call run_step,$(firstword $(1)))
endef

# The command that is kept is written when the recipe is expanded, and has its name once it has run:
# a step that was killed, and may have left half a file, is due again.
# Threads change no result, so they are not part of it.
THREADED := gk-train gk-landscape gk-hvp gk-eval gk-pca gk-twonn
with_threads = $(if $(THREADS),$(call each_threaded,$(1),$(THREADED)),$(1))
each_threaded = $(if $(2),$(call each_threaded,$(subst $(firstword $(2)) ,$(firstword $(2)) --threads $(THREADS) ,$(1)),$(wordlist 2,99,$(2))),$(1))
define run_step
$(shell mkdir -p $(F)/.made $(dir $(1)) && rm -f $(call kept_in,$(1)))$(file >$(call kept_in,$(1)).new,$(call filled,$(COMMAND_$(1))))
$(call say,RUN,$(1:$(F)/%=%))
$(Q)export PATH="$(BIN):$$PATH" LC_ALL=C; $(call filled,$(call with_threads,$(COMMAND_$(1))))
@mv $(call kept_in,$(1)).new $(call kept_in,$(1))
endef

# $(eval $(call figure,N,PLOT,TABLES,NUMBERS)): figN from figN.tsv and further tables by pipelines/plots/plot, and
# its numbers by the command NUMBERS. TITLE_N says what it shows, also without the paper at hand.
define picture
$(call step,$(F)/fig$(1).$(2),pipelines/plots/plot $(3) $(2) text:TITLE_$(1) $(F)/fig$(1).tsv $(4) > $(F)/fig$(1).$(2),\
    $(patsubst %,pipelines/plots/%,$(firstword $(subst /, ,$(3))).gp common.gp tables.gp rows))
endef
define figure
$(call picture,$(1),png,$(2),$(3))
$(call picture,$(1),svg,$(2),$(3))
$(call step,$(F)/fig$(1).numbers.tsv,$(4) > $(F)/fig$(1).numbers.tsv)
.PHONY: fig$(1)
fig$(1): $(F)/fig$(1).png $(F)/fig$(1).svg $(F)/fig$(1).numbers.tsv
endef

NUMBERS := 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29
FIGURES ?= $(NUMBERS)
# The others look at the runs.
include pipelines/figures/rules/runs.mk
include $(filter-out pipelines/figures/rules/runs.mk,$(wildcard pipelines/figures/rules/*.mk))

.PHONY: figures list-figures report
figures: $(FIGURES:%=fig%) ## the paper's figures, PROFILE=quick, large or paper (FIGURES="3 11": some)
list-figures: ## their numbers, their cost and what they show
	@printf '%-4s%-10s%s\n' $(foreach n,$(NUMBERS),'$n' $(call quoted,$(COST_$n)) $(call quoted,$(TITLE_$n)))

$(eval $(call step,$(F)/figures.tsv,printf '%s\t%s\t%s\n' \
    $(foreach n,$(NUMBERS),'$n' text:TITLE_$n text:SAYS_$n) > $(F)/figures.tsv))
report: $(F)/index.html ## the figures with their numbers as one page
	@echo $<
$(eval $(call step,$(F)/index.html,pipelines/figures/report $(PROFILE) $(F) > $(F)/index.html,\
    $(F)/figures.tsv $(foreach n,$(FIGURES),$(F)/fig$n.png $(F)/fig$n.svg $(F)/fig$n.numbers.tsv)))
