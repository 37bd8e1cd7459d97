// Golden records what Kubernetes' own code makes of random writes, one JSON object a line:
//
//	go run . managed-fields 1 200 > ../../golden/managed_fields.jsonl
//	go run . strategic 1 200 > ../../golden/strategic.jsonl
//
// The numbers are a seed and how many cases to record.
package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strconv"
)

var random *rand.Rand

// No case of more bytes is recorded: small ones say more.
const maxBytes = 1600

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: golden managed-fields|strategic SEED CASES")
		os.Exit(2)
	}
	seed, _ := strconv.ParseInt(os.Args[2], 10, 64)
	wanted, _ := strconv.Atoi(os.Args[3])
	random = rand.New(rand.NewSource(seed))
	next := managedFieldsCases
	if os.Args[1] == "strategic" {
		next = strategicCases
	}
	for wanted > 0 {
		for _, found := range next() {
			line, err := json.Marshal(found)
			if err != nil {
				panic(err)
			}
			if len(line) <= maxBytes && wanted > 0 {
				fmt.Println(string(line))
				wanted--
			}
		}
	}
}
