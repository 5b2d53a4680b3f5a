// Package demo is a registry that tagdiff carries inside itself: three
// incidents to look into, and around them the odd images that real registries
// hold. All of its data is made by the program, the same on every run, and it
// is served from memory to this machine alone.
package demo
