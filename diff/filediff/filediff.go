// Package filediff compares the files of two layers, or of two images, and finds out why they
// differ. It uses only lists of package model/inside.
package filediff
