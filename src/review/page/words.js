// SPDX-License-Identifier: Apache-2.0
// What the page's words mean, said where they stand: by a "?" beside them, and over the table's headers.
import { byId, element } from "./dom.js";

const kWords = {
  "outlier score": "How typical an image is of the set: 1 is in the middle of others, 0 is most atypical. It falls with the mean distance to the 10 nearest neighbours in the embedding (cleanlab's score).",
  "outlier score to training": "The same of the distances to the nearest training images that are shown: 0 is unlike anything that the model was trained with.",
  "train accuracy": "Share of the training images shown whose prediction is their label.",
  "outlier rank": "The place by outlier score: 1 is most atypical.",
  forgotten: "How often a right prediction turned wrong at the next checkpoint (Toneva et al. 2019). Images that are forgotten often, or never right, are hard or have a wrong label.",
  "label issue": "The place by the probability that the last checkpoint gives the label: 1 is the label that it believes least. Start here to find wrong labels.",
  confidence: "Probability of the predicted class.",
  "belief in the label": "Probability of the given label. Low: the model thinks that the label is wrong.",
  "margin of the label": "Probability of the given label less that of the strongest other class, from 0 to 1: below 0.5 the model prefers another label (cleanlab's normalized margin).",
  "confidence-weighted entropy": "cleanlab's third label quality score: low where the model is unsure and does not believe the label. It is near 0, too, where the model is certain, whatever the label: look at it together with hardness.",
  hardness: "Entropy of the predicted probabilities, in nats: how undecided the model is between the classes, whatever the label (FiftyOne's hardness).",
  mistakenness: "The more certain a wrong prediction, the nearer to 1; the more certain a right one, the nearer to 0 (FiftyOne's mistakenness). High: the label may be a mistake.",
  "first right at step": "The first checkpoint at which the prediction was the label; grey: never.",
  "moved since the step before": "How far the point came since the checkpoint before, in percent of the picture's width.",
  "trust in its place": "1: who is near on the picture is near in the embedding. Low: false neighbours (Venna and Kaski 2001).",
  continuity: "1: who is near in the embedding is near on the picture. Low: neighbours are missing there.",
  "doubt of its place": "Two kinds of error of a flat picture: false neighbours stand beside a point that are far in the embedding, missing ones are near there and far here.",
  "training loss": "Cross entropy of the training batches, as logged.",
  "learning rate": "The optimizer's, as logged.",
  accuracy: "Share of the test images whose prediction is their label.",
  "test loss": "Mean cross entropy of the test images.",
  "knn accuracy": "Share of images with the label of most of their nearest neighbours: how well the embedding tells the classes apart, whatever the classifier says.",
  "neighbour recall": "Neighbours were searched for approximately: the share of the nearest that was found, of 1,000 images.",
  "neighbour recall train": "The same of the search among test and training images together, for near duplicates.",
  "neighbour preservation": "Share of an image's nearest neighbours that it had at the checkpoint before.",
  "linear cka": "CKA (centered kernel alignment, Kornblith et al. 2019) of this checkpoint's embeddings and those before: 1 where they are the same but for a turn and a scale, less the more was learnt in between.",
  "neighbour preservation first": "Share of an image's nearest neighbours that it had at the first checkpoint.",
  "neighbour preservation last": "Share of an image's nearest neighbours that it has at the last checkpoint.",
  "linear cka first": "CKA of this checkpoint's embeddings and the first one's: how much of where it began is left.",
  "linear cka last": "CKA of this checkpoint's embeddings and the last one's: how near it is to where it ends.",
  "class separation": "How far class centres lie apart in the picture, in mean distances of a point to its class's centre.",
  "effective rank": "In how many directions the embeddings are spread.",
  trustworthiness: "Mean over the points: 1 where who is near on the picture is near in the embedding.",
  "region agreement": "Share of the images whose place lies in the decision region of their prediction: how much the regions tell, which are the classifier's on the plane, while images lie off it.",
  "mean continuity": "Mean over the points: 1 where who is near in the embedding is near on the picture.",
  "neighbourhood hit": "Share of a point's neighbours on the picture that have its label.",
  "neighbourhood preservation 2d": "Share of an image's nearest neighbours in the embedding that are its nearest on the picture.",
  "camera share": "Of what moved since the frame before, the part that is the plane's motion and not the model's.",
  "seen share": "Of the model's motion, the part that lies in the plane and is seen.",
  "shape disparity": "How much the embeddings' shape changed since the checkpoint before: 0 where they only turned, moved and grew.",
  "stability pearson": "Whether what moves far on the picture moves far in the embedding (correlation).",
  "stability spearman": "Whether what moves far on the picture moves far in the embedding (correlation of ranks).",
  "stability kendall": "Whether of two images the one that moves farther on the picture moves farther in the embedding (Kendall's rank correlation).",
  "stability stress": "How much distances moved on the picture differ from those in the embedding.",
  "disparity to the frame before": "What is left of the difference between two pictures once one is turned and scaled onto the other.",
};

export const meaningOf = (word) => kWords[word] ?? "";

function explain(box, button, word) {
  box.replaceChildren(element("strong", { text: word }), element("p", { text: kWords[word] }));
  box.showPopover();
  const { left, bottom, top } = button.getBoundingClientRect();
  const below = bottom + 6 + box.offsetHeight < window.innerHeight;
  box.style.left = Math.max(8, Math.min(left, window.innerWidth - box.offsetWidth - 8)) + "px";
  box.style.top = (below ? bottom + 6 : Math.max(8, top - 6 - box.offsetHeight)) + "px";
}

// A "?" that tells what the word means; nothing where there is nothing to tell.
export function whatIs(word) {
  if (!kWords[word]) return "";
  return element("button", {
    type: "button", className: "what", text: "?", title: kWords[word], "aria-label": "What is " + word + "?",
    onclick: (event) => {
      event.stopPropagation();
      explain(byId("meaning"), event.currentTarget, word);
    },
  });
}
