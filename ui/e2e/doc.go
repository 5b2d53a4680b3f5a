// Package e2e tests the compiled program from outside: on a terminal, in a
// pipeline, against registries in process and real ones. It also checks what holds
// for the whole checkout: which package may import which, and what docs/ says.
package e2e
