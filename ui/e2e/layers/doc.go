// Package layers has benchmarks that compare the reading of layers with other programs. It has
// a package of its own since it runs its test binary as a program, which must start fast.
package layers
