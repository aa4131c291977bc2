# rule: catalogue
# fractions, plain numbers, powers of ten
CATALOGUE = added(CATALOGUE, toy(resources=Resources(cpu="0.001", memory="8388608", cpu_limit="0.002", memory_limit="0.02G")))
