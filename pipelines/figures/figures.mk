# The paper's figures and those beyond it: make fig2, make fig-race, make figures, make list-figures, make report.
#
#   PROFILE=quick (default)  small groups and small networks, minutes for all of it
#   PROFILE=large            its groups and network, at rates that grok in thousands of steps; hours
#   PROFILE=paper            its settings; days on a small machine
#   FIGURES="3 11 race"      of make figures and make report: only these
#
# The values are in pipelines/figures/PROFILE, the rules by theme in pipelines/figures/rules, and what is made in
# build/figures/PROFILE: a picture (PNG, SVG), its table, and its numbers.
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

# A rule of a figure names what its file is made of, as any rule of make does, and has one command:
#
#   $(F)/fig12.tsv: $(F)/plane/add-0.6.tsv $(STACK) FORCE
#   	$(call run,$(STACK) r 0.6 $(F)/plane/add-0.6.tsv > $@)
#
# FORCE makes make look at the rule each time, and run decides, as if_changed of Linux does. The command runs if the
# file is missing, if something that it is made of is newer, or if another command made the file. So after a change of
# a value, exactly the files are made again whose commands use it. $(F)/.made keeps the command of each file. It is
# removed before the command runs and written afterwards, so what a killed make left is made again. If a rule makes
# several files at once, the second argument of run is the first of them.
#
# A tool is named by $(call tools,gk-pca): its checksum, since all tools are linked anew when the library changes.
# $$threads among the options of a tool sets the threads of the profile; it changes no result.
STACK := pipelines/figures/stack
NUMBERS := pipelines/figures/numbers
tools = $(addprefix $(BUILD)/sums/,$(1))
$(BUILD)/sums/%: $(BIN)/%
	@mkdir -p $(@D)
	@cksum < $< | cmp -s - $@ || cksum < $< > $@

made = $(F)/.made/$(subst /,~,$(patsubst $(F)/%,%,$(1)))
same = $(and $(findstring _$(1)_,_$(2)_),$(findstring _$(2)_,_$(1)_))
# stripped, as make 4.3 now and then leaves the newline at the end of a file
as_made = $(and $(wildcard $@),$(call same,$(strip $(1)),$(strip $(file <$(call made,$(2))))))
due = $(if $(call as_made,$(1),$(2)),$(filter-out FORCE,$?),yes)
run = $(if $(call due,$(1),$(or $(2),$@)),$(call run_now,$(1),$(or $(2),$@)))
# One shell does all, because a report has hundreds of files. Of commands that && joins, it ends by itself only if the
# last one fails, so the status is looked at.
missing = $(filter-out $(wildcard $(1)),$(1))
define run_now
$(and $(call missing,$(@D)/. $(F)/.made/.),$(shell mkdir -p $(@D) $(F)/.made))$(file >$(call made,$(2)).new,$(1))
$Q$(if $Q,printf '  %-5s %s\n' RUN $(2:$(F)/%=%);) [ ! -e $(call made,$(2)) ] || rm -f $(call made,$(2)); \
export PATH="$(BIN):$$PATH" LC_ALL=C threads='$(if $(THREADS),--threads $(THREADS))'; $(1); \
[ $$? -eq 0 ]; mv $(call made,$(2)).new $(call made,$(2))
endef

# Figure N is drawn from figN.tsv, which has a rule; a figure beyond the paper has a name, and fig-NAME.tsv. For N = 11:
#   TITLE_11, SAYS_11      what it shows, also for a reader without the paper
#   PLOT_11                its script in pipelines/plots, or SCRIPT/WHAT
#   PLOT_TABLES_11         the tables that the script reads beside fig11.tsv
#   NUMBERS_11             the first arguments of pipelines/figures/numbers
#   NUMBERS_TABLES_11      the tables that it reads, if they are not fig11.tsv alone
ALL_FIGURES := 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29
# Beyond the paper
BEYOND := progress energy race edge
EVERY_FIGURE := $(ALL_FIGURES) $(BEYOND)
FIGURES ?= $(EVERY_FIGURE)
# $(call fig,N): fig11 of 11, fig-race of race; $(call figure_of,STEM): 11 of 11, race of -race
fig = $(if $(filter $(BEYOND),$(1)),fig-$(1),fig$(1))
figure_of = $(patsubst -%,%,$(1))
TARGETS := $(foreach n,$(EVERY_FIGURE),$(call fig,$n))
UNKNOWN := $(firstword $(patsubst -%,%,$(patsubst fig%,%,$(filter-out figures report $(TARGETS),$(FIGURE_GOALS)))) \
    $(if $(filter figures report,$(FIGURE_GOALS)),$(filter-out $(EVERY_FIGURE),$(FIGURES))))
$(if $(UNKNOWN),$(error there is no figure $(UNKNOWN): they are 1 to $(lastword $(ALL_FIGURES)) and $(BEYOND), \
    and make list-figures says what they show))
# runs.mk is first: the others use its variables.
include pipelines/figures/rules/runs.mk
include $(filter-out %/runs.mk,$(wildcard pipelines/figures/rules/*.mk))

numbers_tables = $(or $(NUMBERS_TABLES_$(1)),$(F)/$(call fig,$(1)).tsv)
# $(call figure,N,its target)
define figure
.PHONY: $(2)
$(2): $(F)/$(2).png $(F)/$(2).svg $(F)/$(2).numbers.tsv
$(F)/$(2).png $(F)/$(2).svg: $(F)/$(2).tsv $(PLOT_TABLES_$(1)) \
    pipelines/plots/$(firstword $(subst /, ,$(PLOT_$(1)))).gp
$(F)/$(2).numbers.tsv: $(call numbers_tables,$(1))
endef
$(foreach n,$(EVERY_FIGURE),$(eval $(call figure,$n,$(call fig,$n))))

# The stem is 11.png, or -race.png
PICTURES := $(TARGETS:%=%.png) $(TARGETS:%=%.svg)
pictured = $(call figure_of,$(basename $*))
$(PICTURES:%=$(F)/%): $(F)/fig%: $(addprefix pipelines/plots/,plot common.gp tables.gp rows) FORCE
	$(call run,pipelines/plots/plot $(PLOT_$(pictured)) $(patsubst .%,%,$(suffix $*)) \
	    $(call quoted,$(TITLE_$(pictured))) $(F)/fig$(basename $*).tsv $(PLOT_TABLES_$(pictured)) > $@)
$(TARGETS:%=$(F)/%.numbers.tsv): $(F)/fig%.numbers.tsv: $(NUMBERS) $(call tools,gk-predict) FORCE
	$(call run,$(NUMBERS) $(NUMBERS_$(call figure_of,$*)) $(call numbers_tables,$(call figure_of,$*)) > $@)

.PHONY: figures list-figures report
WANTED := $(foreach n,$(FIGURES),$(call fig,$n))
figures: $(WANTED) ## the paper's figures and more, PROFILE=quick, large or paper (FIGURES="3 race": some)
list-figures: ## their numbers or names, their cost and what they show
	@printf '%-10s%-10s%s\n' \
	    $(foreach n,$(EVERY_FIGURE),'$n' $(call quoted,$(COST_$n)) $(call quoted,$(TITLE_$n)))

$(F)/figures.tsv: FORCE
	$(call run,printf '%s\t%s\t%s\n' \
	    $(foreach n,$(EVERY_FIGURE),'$n' $(call quoted,$(TITLE_$n)) $(call quoted,$(SAYS_$n))) > $@)
report: $(F)/index.html ## the figures with their numbers as one page
	@echo $<
$(F)/index.html: $(F)/figures.tsv pipelines/figures/report FORCE \
    $(foreach n,$(WANTED),$(addprefix $(F)/$n,.png .svg .numbers.tsv))
	$(call run,pipelines/figures/report $(PROFILE) $(F) > $@)
