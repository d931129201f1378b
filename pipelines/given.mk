# What a user gives to make, on its command line or in the environment.
#
# Paths and words that only reach the shell may have any character but a newline. Make does not expand
# them (a $ is a $), and $(call quoted,TEXT) makes one word of the shell of each. Names that are part of
# rules must be plain.
define newline


endef
quoted = '$(subst ','\'',$(if $(findstring $(newline),$(1)),$(error a newline in '$(1)'),$(1)))'

given = $(filter command environment,$(firstword $(origin $(1))))
$(foreach v,GRID SWEEP SWEEPFLAGS RUNNER JOBS TESTS STRIDE SECONDS PREFIX DESTDIR DEMO_TITLE \
    FILES ACROSS UP VALUE,\
    $(if $(call given,$v),$(eval override $v := $$(value $v))$(eval export $v)))

PLAIN := BUILD BIN DEPS PROFILE FIG FIGURES THREADS TASKS DEMO DEMO_OP DEMO_P DEMO_FRAC DEMO_LR DEMO_DECAY \
    DEMO_SEED DEMO_WINDOW DEMO_STEPS DEMO_EVAL_EVERY GALLERY GALLERY_STEPS
SPECIAL := ' " ` \ $$ ; & | < > ( ) * ? [ ] { } ! \# % : = ~
refused = $(error $(1)=$(value $(1)): a name with $(2) is not for make)
plain = $(foreach c,$(SPECIAL),$(if $(findstring $c,$(value $(1))),$(call refused,$(1),$c)))$(if \
    $(findstring $(newline),$(value $(1))),$(call refused,$(1),a newline))$(if \
    $(filter -% @%,$(value $(1))),$(call refused,$(1),such a beginning))$(if \
    $(filter-out FIGURES,$(1)),$(if $(word 2,$(value $(1))),$(call refused,$(1),a space)))
$(foreach v,$(PLAIN),$(if $(call given,$v),$(call plain,$v)))

# $(call words_of,TEXT): the array words of the shell has what the shell would cut TEXT into, without its
# expansions.
words_of = cut=$$(xargs -r printf '%s\n' <<<$(call quoted,$(1))) || exit 2; \
    words=(); [ -z "$$cut" ] || mapfile -t words <<<"$$cut"
