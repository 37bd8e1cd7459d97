// What the protobuf decoder of `tmc dev` is made from and proven by: `table` prints the layout of every message
// that a request body may contain, read from Kubernetes' own Go types; `corpus` prints such bodies, each with the
// JSON that kube-apiserver would understand it as.
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	switch {
	case len(os.Args) == 2 && os.Args[1] == "table":
		writeTable(out)
	case len(os.Args) == 2 && os.Args[1] == "corpus":
		writeCorpus(out)
	default:
		fmt.Fprintln(os.Stderr, "usage: protobuf table|corpus")
		os.Exit(2)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
