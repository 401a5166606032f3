// Shows each use of the client, against the demo model.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"assay"
)

func main() {
	server, ctx := os.Getenv("ASSAY_SERVER"), context.Background()
	if server == "" {
		server = "tcp://127.0.0.1:7411"
	}
	client, err := assay.NewClient(server)
	check(err)
	defer client.Close()

	sum, err := client.GenerateText(ctx, "317+485=", assay.WithMaxTokens(8))
	check(err)
	fmt.Printf("317+485=%s (%s)\n", sum.Text, sum.Provenance)

	story, err := client.GenerateStream(ctx, assay.TextRequest("A fox:", assay.WithMaxTokens(48)))
	check(err)
	for story.Next() {
		fmt.Print(story.Chunk().Text)
	}
	whole, err := story.Result()
	check(err)
	fmt.Printf("\n(%d us)\n", whole.Answer.Timing.Total)

	story, err = client.GenerateStream(ctx, assay.TextRequest("A hen:"))
	check(err)
	story.Next()
	story.Close() // cancels the rest on the server, like cancelling the context

	turns := []assay.ChatMessage{assay.UserMessage("317+485=")}
	reply, err := client.Chat(ctx, turns, assay.WithMaxTokens(8))
	check(err)
	fmt.Println(reply.Text)

	embedded, err := client.EmbedTexts(ctx, []string{"a fox", "a hen"})
	check(err)
	for _, vector := range embedded.Vectors() {
		fmt.Println(len(vector))
	}

	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond) // the deadline of the call
	defer cancel()
	if _, err = client.GenerateText(short, "Story:"); !errors.Is(err, context.DeadlineExceeded) {
		check(err)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err) // an *assay.Error
	}
}
