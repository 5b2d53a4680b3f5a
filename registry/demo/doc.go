// Package demo serves a read-only registry from data inside the program: three
// incidents to look into, and the rare and broken images that real registries
// hold. It listens on the loopback interface only.
package demo

//go:generate go run ./generate -o layout
