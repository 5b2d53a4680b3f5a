// Package e2e tests the compiled program: on a terminal and in a pipeline, with registries
// in process and real ones. It also checks the whole checkout: imports, and statements in
// docs/.
package e2e
